// Tells ThreadSanitizer of threads and locks that it does not see by itself. Preloaded, this stands
// before the libraries' own functions.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <threads.h>

// Swift's Synchronization library. A mutex that is free is taken and given by atomics in the
// caller's own code, which the sanitizer sees; one that somebody waits for by a system call in a
// library that is not instrumented, which it does not: what the lock protects would be reported as
// a race.

#define LOCK_SLOW "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK_SLOW "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"
#define METHOD __attribute__((swiftcall))
#define SELF __attribute__((swift_context))

// Not there in programs without the sanitizer, which inherit the environment.
__attribute__((weak)) void __tsan_acquire(void *address);
__attribute__((weak)) void __tsan_release(void *address);

METHOD void lock_slow(uint32_t thread, SELF void *mutex) __asm__(LOCK_SLOW);
METHOD void unlock_slow(SELF void *mutex) __asm__(UNLOCK_SLOW);

METHOD void lock_slow(uint32_t thread, SELF void *mutex) {
  METHOD void (*next)(uint32_t, SELF void *) = dlsym(RTLD_NEXT, LOCK_SLOW);
  next(thread, mutex);
  if (__tsan_acquire) __tsan_acquire(mutex);
}

METHOD void unlock_slow(SELF void *mutex) {
  METHOD void (*next)(SELF void *) = dlsym(RTLD_NEXT, UNLOCK_SLOW);
  if (__tsan_release) __tsan_release(mutex);
  next(mutex);
}

// The threads and locks of C11, which librdkafka has. The sanitizer knows those of POSIX alone, and
// a thread that it does not know makes it crash. In glibc both are the same underneath.

struct start {
  thrd_start_t function;
  void *argument;
};

static void *run(void *given) {
  struct start start = *(struct start *)given;
  free(given);
  return (void *)(intptr_t)start.function(start.argument);
}

static int answer(int code) {
  switch (code) {
    case 0: return thrd_success;
    case EBUSY: return thrd_busy;
    case ENOMEM: return thrd_nomem;
    case ETIMEDOUT: return thrd_timedout;
    default: return thrd_error;
  }
}

int thrd_create(thrd_t *thread, thrd_start_t function, void *argument) {
  struct start *start = malloc(sizeof *start);
  if (start == NULL) return thrd_nomem;
  *start = (struct start){function, argument};
  const int code = pthread_create((pthread_t *)thread, NULL, run, start);
  if (code != 0) free(start);
  return answer(code);
}

int thrd_join(thrd_t thread, int *result) {
  void *returned = NULL;
  const int code = pthread_join((pthread_t)thread, &returned);
  if (result != NULL) *result = (int)(intptr_t)returned;
  return answer(code);
}

int mtx_init(mtx_t *mutex, int type) {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  if (type & mtx_recursive) pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
  const int code = pthread_mutex_init((pthread_mutex_t *)mutex, &attributes);
  pthread_mutexattr_destroy(&attributes);
  return answer(code);
}

void mtx_destroy(mtx_t *mutex) { pthread_mutex_destroy((pthread_mutex_t *)mutex); }

int mtx_lock(mtx_t *mutex) { return answer(pthread_mutex_lock((pthread_mutex_t *)mutex)); }

int mtx_unlock(mtx_t *mutex) { return answer(pthread_mutex_unlock((pthread_mutex_t *)mutex)); }

int cnd_init(cnd_t *condition) {
  return answer(pthread_cond_init((pthread_cond_t *)condition, NULL));
}

void cnd_destroy(cnd_t *condition) { pthread_cond_destroy((pthread_cond_t *)condition); }

int cnd_signal(cnd_t *condition) {
  return answer(pthread_cond_signal((pthread_cond_t *)condition));
}

int cnd_broadcast(cnd_t *condition) {
  return answer(pthread_cond_broadcast((pthread_cond_t *)condition));
}

int cnd_wait(cnd_t *condition, mtx_t *mutex) {
  return answer(pthread_cond_wait((pthread_cond_t *)condition, (pthread_mutex_t *)mutex));
}

int cnd_timedwait(cnd_t *condition, mtx_t *mutex, const struct timespec *until) {
  return answer(
      pthread_cond_timedwait((pthread_cond_t *)condition, (pthread_mutex_t *)mutex, until));
}
