/* paths.c - where this nnc finds nnrt.h and libnnrt.a: in its tree, or where it was installed.
 *
 * The only file that knows; `make install` compiles it again with other folders.
 */
#include "cli.h"

#ifndef NNC_INCDIR
#define NNC_INCDIR "runtime"
#endif
#ifndef NNC_LIBDIR
#define NNC_LIBDIR "build"
#endif

const char include_flag[] = "-I" NNC_INCDIR;
const char library_flag[] = "-L" NNC_LIBDIR;
const char library_path[] = NNC_LIBDIR "/libnnrt.a";
