"""The rule engine: from a definition to leaves, from events to memberships and the instants at which time changes them.

Read `rules` (the language), `compilation` (one formula over shared leaves), `folding` (an event goes in), `evaluate` (who
entered, who left), then `leaves`. It knows stored profiles, and nothing of identities, campaigns or topics."""
