"""What makes a comparison unfair is caught and shown: each answer is examined before it is graded."""

from bakeoff.evaluate.preflight.examine import Examined, examine

__all__ = ["Examined", "examine"]
