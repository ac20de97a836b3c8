"""Look-ups for ad servers: a read-only copy of `audiences.memberships`, answered over HTTP. Knows no worker."""
