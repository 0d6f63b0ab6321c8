"""Contract test classes that a new device, runtime, data set or template can inherit."""
