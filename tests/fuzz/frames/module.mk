# fuzz_frames: the network stack natively, with a hostile device, for the fuzzer and its sanitizers.

FUZZ_FRAMES := tests/fuzz/frames

all: $(B)/native/fuzz_frames
$(B)/native/fuzz_frames: $(wildcard $(FUZZ_FRAMES)/*.[ch] $(FUZZ_FRAMES)/*.sh components/lwip/*.[ch]) \
        tests/fuzz/fuzz_frames.c $(LWIP_SRC)/patched | $(INTERFACES)
	$(call say,NATIVE,$@)
	@mkdir -p $(@D)
	$(Q)$(FUZZ_FRAMES)/build.sh $@
