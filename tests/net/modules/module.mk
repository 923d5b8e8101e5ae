# The application of the systems that test network devices (tests/systems/network*.yaml).

MODULES += test-frames
test-frames_SOURCES := $(wildcard tests/net/modules/*.c)
test-frames_PROVIDES := app
