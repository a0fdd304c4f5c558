"""What happens when a model is down: who catches the clip, how likely that is, and what it costs."""
