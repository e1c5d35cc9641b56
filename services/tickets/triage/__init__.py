"""Triage: free Chinese or English text to a catalogue item, with the words that decided it."""

from .corrections import Corrections, learn
from .jsonl import triage_jsonl
from .judgement import Verdict, triage

__all__ = ["Corrections", "Verdict", "learn", "triage", "triage_jsonl"]
