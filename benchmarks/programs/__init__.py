"""Programs that benchmarks start as processes of their own, so that what is measured does not share its interpreter."""
