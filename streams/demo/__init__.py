"""The simulated shop: events to play, the answer they must lead to, and the screens that show how it goes."""
