"""How long Hypothesis looks, for every test: no deadlines on two shared cores, no tracing of what a failure touched."""
from __future__ import annotations

from hypothesis import HealthCheck, Phase, settings

settings.register_profile(
    "audience", deadline=None, print_blob=True, suppress_health_check=(HealthCheck.too_slow,),
    phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink))
settings.load_profile("audience")
