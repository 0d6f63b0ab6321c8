"""Contract test classes that a new device, runtime, data set, task or template can inherit."""
