/* trainer_options.c - apart from fuzz_command.c, since nnc and the runtime both have a type `Options`. */
#include "rt_options.h"

void fuzz_trainer_options(const nnrt_model *m, int argc, char **argv);

void fuzz_trainer_options(const nnrt_model *m, int argc, char **argv)
{
	rt_options(m, argc, argv);
}
