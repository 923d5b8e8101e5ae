"""The benchmark matrix: what is measured (parts/), on which configurations, in which order, and what becomes of the figures."""
