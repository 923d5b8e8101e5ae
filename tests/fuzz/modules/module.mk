# The cubicle in which tests/fuzz/escape runs code (tests/systems/escape.yaml).

MODULES += test-stage

test-stage_SOURCES := tests/fuzz/modules/stage.c
test-stage_CFLAGS_plain := -DPLAIN_CODE
test-stage_PROVIDES := app
