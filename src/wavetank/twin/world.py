"""Assembly: one cluster with its engine, controllers, scheduler and machines. Started by ``app`` and by tests."""
