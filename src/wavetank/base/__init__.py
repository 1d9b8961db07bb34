"""Ground: errors and units that every layer may use. Imports nothing of wavetank."""
