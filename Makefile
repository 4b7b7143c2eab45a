# Makefile - builds nnc (the compiler) and libnnrt.a (what trainers link), and tests both.
#
#     make                 build/nnc and build/libnnrt.a
#     make demo [SEED=1]   install what is missing, train models/mlp.nn on Fashion-MNIST, deploy it
#     make check [T=name]  install what tests need, run all tests (or those whose name has `name`)
#     make docs            bring messages and tables in docs/language.md up to date
#     make golden [T=name] accept what the compiler says now as the expected text; shows the diff
#     make asan            build/asan/nnc: address and undefined-behaviour sanitizers
#     make check-long      the tests that take longer than a coffee
#     make bench           nnc against its peers, alternately: docs/benchmarks.md; bench-quick: PyTorch alone
#     make setup           install the packages of `demo`;  make setup-check: those of `check`
#     make install         into PREFIX (default /usr/local), below DESTDIR;  make uninstall
#     make clean           remove build/
#
# `check-long` makes a Python environment with TensorBoard in NNC_VENV (default ~/.cache/nnc/tensorboard).
#
# Needs GNU make, a C11 compiler, a POSIX shell, python3 (standard library) and the packages that
# tests/setup.sh names.  There is no configure step: sources are found by wildcard per folder.

BUILD  ?= build
PREFIX ?= /usr/local
SEED   ?= 1
T      ?=
JOBS   ?= $(shell nproc 2>/dev/null || echo 2)
PYTHON ?= python3

# One short line a command; `make V=1` shows the commands themselves.
V      ?=
Q      := $(if $(V),,@)
QUIET  := $(findstring s,$(firstword -$(MAKEFLAGS)))
say     = @$(if $(V)$(QUIET),:,printf '  %-6s %s\n' '$(1)' '$(2)')

# Where a tree's nnc finds nnrt.h and libnnrt.a, for --cflags and --libs; `install` has others.
INCDIR := $(CURDIR)/runtime
LIBDIR := $(abspath $(BUILD))

SAN    ?=
OPT    ?= -O2 -g
WARN   := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wconversion
STD    := -std=c11 -D_GNU_SOURCE
# No fused multiply-add behind our back: the interpreter's bits must be those of generated C.
FP     := -ffp-contract=off

FOLDERS := base front ir ops pass kernel emit cli
INC     := -Icompiler $(FOLDERS:%=-Icompiler/%) -Iruntime -I$(BUILD)
CFLAGS_NNC := $(STD) $(OPT) $(WARN) $(FP) $(SAN) $(INC)
OMP    ?= -fopenmp
# $(call dirs,INCLUDE,LIBRARY): for paths.c, the one file that knows.
dirs        = -DNNC_INCDIR='"$(1)"' -DNNC_LIBDIR='"$(2)"'
# The library is compiled as trainers are (nnc --cflags).
CFLAGS_RT  := $(STD) -O2 -g -march=native $(FP) -fno-math-errno -fno-trapping-math $(OMP) \
	$(WARN) $(SAN) -Iruntime -Iruntime/data
LIBS_NNC := -ljansson -lxxhash -lm
LIBS_RT  := -ljansson -lxxhash -lz -lopenblas -lm -fopenmp

SRC_NNC := compiler/compile.c compiler/options.c $(sort $(wildcard $(FOLDERS:%=compiler/%/*.c)))
SRC_RT  := $(sort $(wildcard runtime/*.c runtime/data/*.c))
GEN     := $(BUILD)/nn.tab.c $(BUILD)/nn.lex.c $(BUILD)/prelude.c $(BUILD)/embed.c
GEN_H   := $(BUILD)/nn.tab.h $(BUILD)/nn.lex.h

OBJ_NNC := $(SRC_NNC:%.c=$(BUILD)/obj/%.o) $(GEN:$(BUILD)/%.c=$(BUILD)/obj/%.o)
OBJ_RT  := $(SRC_RT:%.c=$(BUILD)/obj/%.o)
MAIN    := $(BUILD)/obj/compiler/main.o

.PHONY: all compiler runtime tools
all: compiler runtime
compiler: tools $(BUILD)/nnc
runtime: tools $(BUILD)/libnnrt.a
# One line if a package is missing, instead of a page of compiler errors.
tools:
	@command -v flex >/dev/null && command -v bison >/dev/null || sh tests/setup.sh build

# ---- the compiler -------------------------------------------------------------------------------

$(BUILD)/nnc: $(MAIN) $(BUILD)/libnncc.a
	$(call say,link,$@)
	$(Q)$(CC) $(OPT) $(SAN) -o $@ $^ $(LIBS_NNC)

# Everything but main: tests link this.
$(BUILD)/libnncc.a: $(OBJ_NNC)
	@rm -f $@
	$(call say,ar,$@)
	$(Q)ar qcs $@ $^

$(BUILD)/nn.tab.c $(BUILD)/nn.tab.h &: grammar/nn.y
	@mkdir -p $(BUILD)
	$(call say,bison,$<)
	$(Q)bison -Werror -o $(BUILD)/nn.tab.c --defines=$(BUILD)/nn.tab.h $<

$(BUILD)/nn.lex.c $(BUILD)/nn.lex.h &: grammar/nn.l
	@mkdir -p $(BUILD)
	$(call say,flex,$<)
	$(Q)flex -o $(BUILD)/nn.lex.c --header-file=$(BUILD)/nn.lex.h $<

# Files that nnc carries inside: its own library, and the headers that inference C includes as text.
# embed(FILES, NAME, LENGTH) prints `const char NAME[]` with the text and `const size_t NAME_len`.
define embed
	printf '\nextern const char $(2)[];\nextern const size_t $(3);\nconst char $(2)[] =\n'; \
	sed -e 's/[\\"?]/\\&/g' -e 's/^/\t"/' -e 's/$$/\\n"/' $(1); \
	printf ';\nconst size_t $(3) = sizeof $(2) - 1;\n';
endef

# One text, named prelude.nn in messages.
PRELUDE := $(patsubst %,compiler/front/prelude/%.nn,functions layers sequences losses data metrics training)
$(BUILD)/prelude.c: $(PRELUDE) Makefile
	@mkdir -p $(BUILD)
	@{ printf '/* Generated from compiler/front/prelude; do not edit. */\n#include <stddef.h>\n'; \
	$(call embed,$(PRELUDE),prelude_text,prelude_len) } >$@.tmp && mv $@.tmp $@

EMBEDDED := vec vmath rand half load
$(BUILD)/embed.c: $(EMBEDDED:%=runtime/%.h) Makefile
	@mkdir -p $(BUILD)
	@{ printf '/* Generated from runtime/*.h; do not edit. *''/\n#include <stddef.h>\n'; \
	$(foreach f,$(EMBEDDED),$(call embed,runtime/$(f).h,embed_$(f)_h,embed_$(f)_h_len)) } \
	>$@.tmp && mv $@.tmp $@

# The generated headers are included by the front end and the formatter alone.
$(filter $(BUILD)/obj/compiler/front/% $(BUILD)/obj/compiler/cli/%,$(OBJ_NNC)): | $(GEN_H)

$(BUILD)/obj/compiler/cli/paths.o: CFLAGS_NNC += $(call dirs,$(INCDIR),$(LIBDIR))

$(BUILD)/obj/compiler/%.o: compiler/%.c
	@mkdir -p $(@D)
	$(call say,cc,$<)
	$(Q)$(CC) $(CFLAGS_NNC) -MMD -MP -c -o $@ $<

# What bison and flex print is not ours to keep free of warnings.
$(BUILD)/obj/%.o: $(BUILD)/%.c | $(GEN_H)
	@mkdir -p $(@D)
	$(call say,cc,$<)
	$(Q)$(CC) $(CFLAGS_NNC) -w -MMD -MP -c -o $@ $<

# ---- the runtime library ----------------------------------------------------------------------------

$(BUILD)/libnnrt.a: $(OBJ_RT)
	@rm -f $@
	$(call say,ar,$@)
	$(Q)ar qcs $@ $^

$(BUILD)/obj/runtime/%.o: runtime/%.c
	@mkdir -p $(@D)
	$(call say,cc,$<)
	$(Q)$(CC) $(CFLAGS_RT) -MMD -MP -c -o $@ $<

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)

# ---- set-up, demonstration --------------------------------------------------------------------------

.PHONY: setup setup-check demo
setup:
	@sh tests/setup.sh demo
setup-check:
	@sh tests/setup.sh check

# The second make starts after the packages are there.
demo: setup
	@$(MAKE) --no-print-directory -j$(JOBS) all
	@BUILD='$(BUILD)' sh tests/demo/demo.sh $(SEED)

# ---- tests --------------------------------------------------------------------------------------------

# Each group is a script tests/group/NAME.sh that prints its failures and one closing line with its
# seconds, and leaves its counts in $(BUILD)/check.  Groups run side by side; `timing` runs alone.
# The long ones first.
LONGEST := loop bits models scale layers warnings probes bad trainer addop sanitize units ops
GROUPS_ := $(LONGEST) $(filter-out $(LONGEST) timing,$(sort $(basename $(notdir $(wildcard tests/group/*.sh)))))
export BUILD T CC PYTHON

.PHONY: check check-build check-groups check-long golden asan $(GROUPS_:%=check-%) check-timing
check: setup-check
	@rm -rf $(BUILD)/check; mkdir -p $(BUILD)/check
	@$(MAKE) --no-print-directory -j$(JOBS) all check-build
	@$(MAKE) --no-print-directory -k -j$(JOBS) -O check-groups 2>$(BUILD)/check/make.log || true
	@sh tests/group/timing.sh || true
	@sh tests/run.sh total

UNITS := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(sort $(wildcard tests/unit/test_*.c)))
check-build: $(UNITS) $(BUILD)/unit/bits $(BUILD)/fuzz/gen_models
check-groups: $(GROUPS_:%=check-%)
$(GROUPS_:%=check-%): check-%:
	@sh tests/group/$*.sh
check-sanitize check-bad: asan
check-long: check
	@sh tests/setup.sh long
	@LONG=1 sh tests/group/trainer.sh
	@LONG=1 sh tests/group/threads.sh
	@LONG=1 sh tests/group/vmath.sh
	@FAULT_EVERY=1 sh tests/group/fault.sh
	@LONG=1 sh tests/group/reports.sh
	@LONG=1 sh tests/group/scale.sh
	@LONG=1 sh tests/group/fuzz.sh
	@LONG=1 sh tests/group/sources.sh
	@LONG=1 sh tests/group/infer.sh
	@LONG=1 sh tests/group/resume.sh
	@LONG=1 sh tests/group/matrix.sh
	@sh tests/fuzz/run.sh 120

$(BUILD)/unit/%: tests/unit/%.c $(BUILD)/libnncc.a $(BUILD)/libnnrt.a | $(GEN_H)
	@mkdir -p $(@D)
	$(call say,cc,$<)
	$(Q)$(CC) $(CFLAGS_NNC) -Iruntime/data -Itests -MMD -MF $@.d -o $@ $< $(BUILD)/libnncc.a \
		$(BUILD)/libnnrt.a -lcunit $(LIBS_NNC) $(LIBS_RT)
-include $(wildcard $(BUILD)/unit/*.d)

GENERATOR := $(addprefix tests/fuzz/,gen_core gen_values gen_moves gen_layers gen_scopes gen_losses gen_data gen_train gen_program \
	oracle tangent morph shrink coverage bound rows infer_model batch gen_models)
$(BUILD)/fuzz/gen_models: $(GENERATOR:%=%.c) $(wildcard tests/fuzz/*.h) tests/fuzz/run_model.c \
		$(BUILD)/libnncc.a $(BUILD)/libnnrt.a | $(GEN_H)
	@mkdir -p $(@D)
	$(call say,cc,$@)
	$(Q)$(CC) $(CFLAGS_NNC) -Itests/fuzz -Iruntime/data -DFUZZ_LIB='"$(CURDIR)/tests/fuzz/lib"' -o $@ \
		$(GENERATOR:%=%.c) tests/fuzz/run_model.c $(BUILD)/libnncc.a -Wl,--whole-archive $(BUILD)/libnnrt.a \
		-Wl,--no-whole-archive -rdynamic $(LIBS_NNC) $(LIBS_RT) -ldl

golden: compiler
	@sh tests/run.sh golden

# The peers' Python environments are made when first needed, in ~/.cache/nnc/bench or $(PEERS).
.PHONY: bench bench-quick
PEERS ?=
bench bench-quick: all
	@$(PYTHON) tests/bench/bench.py --build '$(abspath $(BUILD))' $(PEERS:%=--peers '%') $(if $(findstring quick,$@),--quick) $(BENCH)

.PHONY: docs
docs: compiler
	@$(PYTHON) tests/docs/manual.py write $(BUILD)/nnc docs/language.md $(BUILD)/docs

asan:
	@$(MAKE) -s --no-print-directory BUILD=$(BUILD)/asan OPT='-O1 -g' \
		SAN='-fsanitize=address,undefined -fno-sanitize-recover=all' compiler runtime

# ---- fuzz targets: build/fuzz/fuzz_* by clang with libFuzzer, build/asan/fuzz_* by gcc for replay ----------------

FUZZ      := language idx safetensors tables command
FUZZ_WRAP := $(foreach f,exit malloc calloc realloc free,-Wl,--wrap=$(f))
FUZZ_LIBS := -Wl,-Bstatic -ljansson -lxxhash -lz -Wl,-Bdynamic -lopenblas -lm $(OMP)

.PHONY: fuzz fuzz-replay fuzz-targets
fuzz:
	@$(MAKE) -s --no-print-directory BUILD=$(BUILD)/fuzz CC=clang OPT='-O2 -g' WARN= OMP= FUZZ_MAIN=-fsanitize=fuzzer \
		SAN='-fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-coverage=trace-cmp -fno-sanitize-recover=all' fuzz-targets
fuzz-replay:
	@$(MAKE) -s --no-print-directory BUILD=$(BUILD)/asan OPT='-O1 -g' FUZZ_MAIN=tests/fuzz/replay.c \
		SAN='-fsanitize=address,undefined -fno-sanitize-recover=all' fuzz-targets
fuzz-targets: $(FUZZ:%=$(BUILD)/fuzz_%)
$(BUILD)/fuzz_%: tests/fuzz/fuzz_%.c tests/fuzz/escape.c tests/fuzz/escape.h tests/fuzz/model.h tests/fuzz/replay.c \
		$(BUILD)/libnncc.a $(BUILD)/libnnrt.a
	$(call say,fuzz,$@)
	$(Q)$(CC) $(CFLAGS_NNC) -Iruntime/data -Itests/fuzz -Itests/sources -o $@ $< tests/fuzz/escape.c \
		$(if $(findstring command,$@),tests/fuzz/trainer_options.c) $(FUZZ_MAIN) \
		$(BUILD)/libnncc.a $(BUILD)/libnnrt.a $(FUZZ_WRAP) $(FUZZ_LIBS)

# ---- the rest -----------------------------------------------------------------------------------------

# Installed are nnc, what trainers need (headers, library, pkg-config file), pages and models.  Nothing
# is compiled anew but the file that knows the folders.
HEADERS := nnrt rand scalar vec vmath
DEST     = $(DESTDIR)$(PREFIX)
INSTALL ?= install

.PHONY: install uninstall clean
install: all
	@mkdir -p $(BUILD)/install
	$(call say,cc,compiler/cli/paths.c)
	$(Q)$(CC) $(CFLAGS_NNC) $(call dirs,$(PREFIX)/include/nnrt,$(PREFIX)/lib) -c \
		-o $(BUILD)/install/paths.o compiler/cli/paths.c
	$(Q)$(CC) $(OPT) $(SAN) -o $(BUILD)/install/nnc $(MAIN) $(BUILD)/install/paths.o \
		$(BUILD)/libnncc.a $(LIBS_NNC)
	$(call say,copy,into $(DEST))
	$(Q)$(INSTALL) -d $(DEST)/bin $(DEST)/include/nnrt $(DEST)/lib/pkgconfig \
		$(DEST)/share/doc/nnc $(DEST)/share/nnc/models/data
	$(Q)$(INSTALL) $(BUILD)/install/nnc $(DEST)/bin/nnc
	$(Q)$(INSTALL) -m 644 $(HEADERS:%=runtime/%.h) $(DEST)/include/nnrt
	$(Q)$(INSTALL) -m 644 $(BUILD)/libnnrt.a $(DEST)/lib
	$(Q)$(INSTALL) -m 644 README.md CHANGELOG.md LICENSE docs/language.md $(DEST)/share/doc/nnc
	$(Q)$(INSTALL) -m 644 models/*.nn $(DEST)/share/nnc/models
	$(Q)$(INSTALL) -m 644 models/data/* $(DEST)/share/nnc/models/data
	$(Q)nnc=$(BUILD)/install/nnc; printf '%s\n' 'prefix=$(PREFIX)' 'includedir=$${prefix}/include/nnrt' \
		'libdir=$${prefix}/lib' '' 'Name: nnrt' 'Description: what trainers made by nnc link' \
		"Version: $$($$nnc --version | sed 's/.* //')" \
		"Cflags: $$($$nnc --cflags | sed 's|-I[^ ]*|-I$${includedir}|')" \
		"Libs: $$($$nnc --libs | sed 's|-L[^ ]*|-L$${libdir}|')" >$(DEST)/lib/pkgconfig/nnrt.pc

uninstall:
	rm -f $(DEST)/bin/nnc $(DEST)/lib/libnnrt.a $(DEST)/lib/pkgconfig/nnrt.pc
	rm -rf $(DEST)/include/nnrt $(DEST)/share/doc/nnc $(DEST)/share/nnc

clean:
	rm -rf $(BUILD)
