"""The rollout plan: who is trained, what is set up, and what a later date does to the rest."""
