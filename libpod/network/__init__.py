"""Network set-up of pods and lone containers."""
