# SPDX-License-Identifier: BSD-2-Clause
#
# The quick build: every object, library, executable and C test of the tree
# with plain gcc and make. Maven (pom.xml) builds what is shipped; this is for
# working, for the C tests and for sanitizers.
#
#	make -f dev.mk [O=dir] [M=32] [SAN=1|TSAN=1|FUZZ=1] [OPT=-O0] [target]
#
#	lib tools-lib bin all	the libraries and the multi-call executables
#	test			every C test program; keeps going, fails at the end
#	test-<name>		the one test program <name>_test.c
#	tests			builds the test programs, runs none
#	packetdrill-so		the network stack as packetdrill loads it
#	fuzz-build		the fuzz targets (src/fuzz), with FUZZ=1: clang
#	fuzz-<name>		runs one for FUZZ_TIME seconds (10), with FUZZ=1
#	obj-<folder>		objects of one folder only: obj-host obj-kern obj-vfs
#				obj-fs obj-dev obj-proxy ...; obj-toolsfs
#	clean			removes the output folder
#
# Sources are found, not listed: adding a file needs no change here. Objects
# are built again when a header, or the flags, changed.

ROOT := $(patsubst %/,%,$(dir $(abspath $(lastword $(MAKEFILE_LIST)))))
comma := ,
M ?= 64
SAN ?=
TSAN ?=
FUZZ ?=
OPT ?= -O2 -g
O ?= $(ROOT)/target/dev$(if $(filter 32,$(M)),-32)$(if $(SAN),-san)$(if \
	$(TSAN),-tsan)$(if $(FUZZ),-fuzz)
CC := $(if $(FUZZ),clang,gcc)
TEST_TIMEOUT ?= 300
# Static libraries of others (scripts/deps.sh).
DEPS := $(ROOT)/target/deps/$(if $(filter 32,$(M)),i386,amd64)

MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DELETE_ON_ERROR:
.SECONDARY:

KERNEL := rumprun-kernel/src/main/c
KERNEL_INC := rumprun-kernel/src/main/include
KERNEL_TEST := rumprun-kernel/src/test/c
# The groups of tools: a folder, a library and an executable each.
GROUPS := $(foreach g,tools-fs tools-disk tools-net,$(if $(wildcard $(ROOT)/$(g)/src/main/c/*),$(g)))

ifneq ($(SAN),)
SANFLAGS := -fsanitize=address,undefined -fno-sanitize-recover=all
override OPT := -O1 -g -fno-omit-frame-pointer
else ifneq ($(TSAN),)
SANFLAGS := -fsanitize=thread
override OPT := -O1 -g -fno-omit-frame-pointer
else ifneq ($(FUZZ),)
# gcc's warnings count; clang has others.
SANFLAGS := -fsanitize=address,undefined -fno-sanitize-recover=all
override OPT := -O1 -gline-tables-only -fno-omit-frame-pointer -w \
	-fsanitize=fuzzer-no-link
endif

# Old symbol versions for an old glibc; the sanitizers bring their own symbols.
FLOOR_H := $(ROOT)/$(KERNEL)/host/floor.h
FLOOR := $(if $(SANFLAGS),,-include $(FLOOR_H))

CFLAGS := -m$(M) -std=c11 -fPIC -fvisibility=hidden -Wall -Wextra -Werror -Wno-psabi \
	$(OPT) $(SANFLAGS) -ffile-prefix-map=$(ROOT)=. $(FLOOR) $(EXTRA_CFLAGS)
INCLUDES := -I$(ROOT)/$(KERNEL_INC) -I$(ROOT)/$(KERNEL) -isystem $(DEPS)/include
LDFLAGS := -m$(M) $(SANFLAGS) -Wl,-z,relro,-z,now -Wl,--build-id=sha1
SO_LDFLAGS := -shared $(if $(SANFLAGS),,-Wl$(comma)-z$(comma)defs)
LIBS := $(if $(SANFLAGS),-lpthread,-Wl$(comma)--no-as-needed \
	-l:libpthread.so.0 -Wl$(comma)--as-needed) \
	$(DEPS)/lib/libcrypto.a $(DEPS)/lib/libz.a

# find-sources: the .c files under a folder, relative to the root
find-sources = $(patsubst $(ROOT)/%,%,$(sort $(shell \
	find $(ROOT)/$(1) -name '*.c' -type f 2>/dev/null)))
objects = $(patsubst %.c,$(O)/obj/%.o,$(1))

KERNEL_ALL := $(call find-sources,$(KERNEL))
KERNEL_CMD := $(filter $(KERNEL)/cmd/%,$(KERNEL_ALL))
KERNEL_LIB := $(filter-out $(KERNEL_CMD),$(KERNEL_ALL))
# $(call group-all,tools-fs) and the like: sources of a group
group-all = $(call find-sources,$(1)/src/main/c)
group-cmd = $(filter $(1)/src/main/c/cmd/%,$(call group-all,$(1)))
group-lib = $(filter-out $(call group-cmd,$(1)),$(call group-all,$(1)))
group-test-lib = $(call find-sources,$(1)/src/test/c/lib)
group-tests = $(basename $(notdir $(wildcard \
	$(ROOT)/$(1)/src/test/c/*_test.c)))
TOOLS_ALL := $(foreach g,$(GROUPS),$(call group-all,$(g)))
TEST_LIB := $(call find-sources,$(KERNEL_TEST)/lib)
KERNEL_TESTS := $(basename $(notdir $(wildcard \
	$(ROOT)/$(KERNEL_TEST)/*_test.c)))
TESTS := $(KERNEL_TESTS) $(foreach g,$(GROUPS),$(call group-tests,$(g)))
# Fuzz targets: <module>/src/fuzz/<name>_fuzz.c
KERNEL_FUZZERS := $(basename $(notdir $(wildcard \
	$(ROOT)/rumprun-kernel/src/fuzz/*_fuzz.c)))
group-fuzzers = $(basename $(notdir $(wildcard $(ROOT)/$(1)/src/fuzz/*_fuzz.c)))
group-fuzz-lib = $(call find-sources,$(1)/src/fuzz/lib)
FUZZERS := $(KERNEL_FUZZERS) $(foreach g,$(GROUPS),$(call group-fuzzers,$(g)))
FUZZ_TIME ?= 10

KERNEL_SO := $(O)/lib/librumprun-kernel.so
KERNEL_BIN := $(O)/bin/rumprun-kernel

.PHONY: all lib tools-lib bin test tests clean FORCE
all: lib tools-lib bin
lib: $(if $(KERNEL_LIB),$(KERNEL_SO))
tools-lib: $(patsubst %,$(O)/lib/lib%.so,$(GROUPS))
bin: $(if $(KERNEL_CMD),$(O)/bin/.rumprun-kernel.tools) \
	$(patsubst %,$(O)/bin/.%.tools,$(GROUPS))
clean:
	rm -rf $(O)

# The flags are a prerequisite: one output folder may be used with changing
# flags.
FLAGS := $(CC) $(CFLAGS) $(LDFLAGS)
$(O)/flags: FORCE
	@mkdir -p $(O); echo '$(FLAGS)' | cmp -s - $@ || echo '$(FLAGS)' >$@

# What is not there any more, or new, changes the libraries as well.
$(O)/sources: FORCE
	@mkdir -p $(O); echo '$(KERNEL_ALL) $(TOOLS_ALL)' | cmp -s - $@ || \
		echo '$(KERNEL_ALL) $(TOOLS_ALL)' >$@

$(DEPS)/lib/libcrypto.a:
	@$(ROOT)/scripts/deps.sh

$(O)/obj/%.o: $(ROOT)/%.c $(O)/flags | $(DEPS)/lib/libcrypto.a
	@mkdir -p $(@D)
	@echo "cc $*.c"
	@$(CC) $(CFLAGS) $(INCLUDES) -MMD -MP -c -o $@ $<

$(O)/obj/$(KERNEL_TEST)/%.o: INCLUDES += -I$(ROOT)/$(KERNEL_TEST)
$(O)/obj/rumprun-kernel/src/fuzz/%.o: INCLUDES += -I$(ROOT)/$(KERNEL_TEST)

# $(call link,options and inputs): objects by response file, the list is long
link = @mkdir -p $(@D); echo "ld $(notdir $@)"; $(CC) $(LDFLAGS) -o $@ $(1)

$(KERNEL_SO): $(call objects,$(KERNEL_LIB)) $(ROOT)/$(KERNEL)/exports.ld \
		$(O)/sources
	$(call link,$(SO_LDFLAGS) -Wl$(comma)-soname$(comma)$(@F) \
		-Wl$(comma)-rpath$(comma)'$$ORIGIN' \
		$(filter %.o %.ld,$^) $(LIBS))

BIN_RPATH := -Wl$(comma)-rpath$(comma)'$$ORIGIN/../lib:$$ORIGIN'
$(KERNEL_BIN): $(call objects,$(KERNEL_CMD)) $(KERNEL_SO)
	$(call link,$(BIN_RPATH) $(filter %.o,$^) -L$(O)/lib \
		-lrumprun-kernel $(LIBS))

define group
$(O)/obj/$(1)/%.o: INCLUDES += -I$(ROOT)/$(1)/src/main/c \
	-I$(ROOT)/$(1)/src/main/include
$(O)/obj/$(1)/src/test/c/%.o: INCLUDES += -I$(ROOT)/$(1)/src/test/c \
	-I$(ROOT)/$(KERNEL_TEST)
$(O)/obj/$(1)/src/fuzz/%.o: INCLUDES += -I$(ROOT)/$(1)/src/fuzz \
	-I$(ROOT)/$(1)/src/test/c -I$(ROOT)/$(KERNEL_TEST)
$(O)/lib/lib$(1).so: $(call objects,$(call group-lib,$(1))) \
		$(ROOT)/$(1)/src/main/c/exports.ld $(KERNEL_SO) $(O)/sources
	$$(call link,$$(SO_LDFLAGS) -Wl$$(comma)-soname$$(comma)$$(@F) \
		-Wl$$(comma)-rpath$$(comma)'$$$$ORIGIN' \
		$$(filter %.o %.ld,$$^) -L$(O)/lib -lrumprun-kernel $$(LIBS))
$(O)/bin/$(1): $(call objects,$(call group-cmd,$(1))) $(O)/lib/lib$(1).so \
		$(KERNEL_SO)
	$$(call link,$$(BIN_RPATH) $$(filter %.o,$$^) -L$(O)/lib \
		-l$(patsubst lib%,%,$(1)) -lrumprun-kernel $$(LIBS))
endef
$(foreach g,$(GROUPS),$(eval $(call group,$(g))))

# The multi-call executables tell which names they answer to.
$(O)/bin/.%.tools: $(O)/bin/%
	@$< --list-tools >$@.new
	@for t in $$(cat $@.new); do \
		[ "$$t" = $* ] || ln -sf $* $(O)/bin/$$t; done
	@mv $@.new $@

# Tests are linked with the objects, so that they see what is hidden.
define kernel-test
$(O)/test/$(1): $(O)/obj/$(KERNEL_TEST)/$(1).o \
		$(call objects,$(TEST_LIB)) $(call objects,$(KERNEL_LIB)) \
		$(O)/sources
	$$(call link,$$(filter %.o,$$^) $$(LIBS))
endef
define tools-test
$(O)/test/$(1): $(O)/obj/$(2)/src/test/c/$(1).o \
		$(call objects,$(TEST_LIB) $(call group-test-lib,$(2))) \
		$(call objects,$(call group-lib,$(2)) $(KERNEL_LIB)) \
		$(O)/sources
	$$(call link,$$(filter %.o,$$^) $$(LIBS))
endef
$(foreach t,$(KERNEL_TESTS),$(eval $(call kernel-test,$(t))))
$(foreach g,$(GROUPS),$(foreach t,$(call group-tests,$(g)),$(eval \
	$(call tools-test,$(t),$(g)))))

# Fuzz targets, as tests; the kernel's have no tools.
define kernel-fuzz
$(O)/fuzz/$(1): $(O)/obj/rumprun-kernel/src/fuzz/$(1).o \
		$(call objects,$(TEST_LIB)) $(call objects,$(KERNEL_LIB)) \
		$(O)/sources
	$$(call link,-fsanitize=fuzzer $$(filter %.o,$$^) $$(LIBS))
endef
define tools-fuzz
$(O)/fuzz/$(1): $(O)/obj/$(2)/src/fuzz/$(1).o \
		$(call objects,$(call group-fuzz-lib,$(2))) \
		$(call objects,$(TEST_LIB) $(call group-test-lib,$(2))) \
		$(call objects,$(call group-lib,$(2)) $(KERNEL_LIB)) \
		$(O)/sources
	$$(call link,-fsanitize=fuzzer $$(filter %.o,$$^) $$(LIBS))
endef
$(foreach t,$(KERNEL_FUZZERS),$(eval $(call kernel-fuzz,$(t))))
$(foreach g,$(GROUPS),$(foreach t,$(call group-fuzzers,$(g)),$(eval \
	$(call tools-fuzz,$(t),$(g)))))
.PHONY: fuzz-build
fuzz-build: $(addprefix $(O)/fuzz/,$(FUZZERS))
fuzz-%: $(O)/fuzz/%_fuzz
	@$(ROOT)/scripts/fuzz.sh -t $(FUZZ_TIME) $<

# The stack as packetdrill loads it: packetdrill --so_filename=<this>
.PHONY: packetdrill-so
packetdrill-so: $(O)/test/libpacketdrill-rumprun.so
$(O)/test/libpacketdrill-rumprun.so: $(call objects,$(TEST_LIB)) \
		$(call objects,$(KERNEL_LIB)) $(O)/sources
	$(call link,-shared $(filter %.o,$^) $(LIBS))

RUN = cd $(ROOT) && LD_LIBRARY_PATH=$(O)/lib timeout $(TEST_TIMEOUT)
tests: $(addprefix $(O)/test/,$(TESTS))
test: tests
	@failed=; for t in $(TESTS); do echo "== $$t"; \
		( $(RUN) $(O)/test/$$t ) || { echo "FAILED $$t: status $$?"; \
		failed="$$failed $$t"; }; done; \
	[ -z "$$failed" ] || { echo "failed:$$failed"; exit 1; }
test-%: $(O)/test/%_test
	@$(RUN) $<

# obj-<folder>
define folder
.PHONY: obj-$(1)
obj-$(1): $(call objects,$(filter $(KERNEL)/$(1)/%,$(KERNEL_ALL)))
endef
$(foreach d,host kern vfs fs dev net netinet netinet6 npf proxy tool tools \
	rump cmd,$(eval \
	$(call folder,$(d))))
.PHONY: obj-toolsfs
obj-toolsfs: $(call objects,$(TOOLS_ALL))

-include $(patsubst %.o,%.d,$(call objects,$(KERNEL_ALL) $(TOOLS_ALL) \
	$(TEST_LIB) $(foreach g,$(GROUPS),$(call group-test-lib,$(g)) \
	$(addprefix $(g)/src/test/c/,$(addsuffix .c,$(call group-tests,$(g))))) \
	$(addprefix $(KERNEL_TEST)/,$(addsuffix .c,$(KERNEL_TESTS))) \
	$(addprefix rumprun-kernel/src/fuzz/,$(addsuffix .c,$(KERNEL_FUZZERS))) \
	$(foreach g,$(GROUPS),$(call group-fuzz-lib,$(g)) $(addprefix \
	$(g)/src/fuzz/,$(addsuffix .c,$(call group-fuzzers,$(g)))))))
