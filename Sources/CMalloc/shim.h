#include <malloc.h>

// Gives free pages of every arena back to the system, where the allocator can: glibc's can.
static inline void weir_malloc_trim(void) {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}
