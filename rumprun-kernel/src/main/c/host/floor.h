/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Old symbol versions, so that what is built here runs with an old glibc.
 *
 * The build puts this header before every source (-include). A symbol that
 * glibc moved into libc.so.6, or gave a new version for a reason that does not
 * concern us, is bound to its first version; the library of threads is linked
 * by name, since before glibc 2.34 the functions below were in it. What the
 * oldest glibc is that will do is checked by scripts/check-natives.sh.
 */
#ifndef RUMPRUN_HOST_FLOOR_H
#define RUMPRUN_HOST_FLOOR_H

#if defined(__x86_64__)
#define FLOOR_OLD "GLIBC_2.2.5"
#define FLOOR_21 "GLIBC_2.2.5"
#define FLOOR_22 "GLIBC_2.2.5"
#define FLOOR_LOCK "GLIBC_2.2.5"
#define FLOOR_233 "GLIBC_2.3.3"
#elif defined(__i386__)
#define FLOOR_OLD "GLIBC_2.0"
#define FLOOR_21 "GLIBC_2.1"
#define FLOOR_22 "GLIBC_2.2"
#define FLOOR_LOCK "GLIBC_2.1"
#define FLOOR_233 "GLIBC_2.3.3"
#endif

#ifdef FLOOR_OLD
#define FLOOR(name, old, version) __asm__(".symver " #name "," #old "@" version)

FLOOR(pthread_create, pthread_create, FLOOR_21);
FLOOR(pthread_join, pthread_join, FLOOR_OLD);
FLOOR(pthread_detach, pthread_detach, FLOOR_OLD);
FLOOR(pthread_cancel, pthread_cancel, FLOOR_OLD);
FLOOR(pthread_kill, pthread_kill, FLOOR_OLD);
FLOOR(pthread_once, pthread_once, FLOOR_OLD);
FLOOR(pthread_key_create, pthread_key_create, FLOOR_OLD);
FLOOR(pthread_key_delete, pthread_key_delete, FLOOR_OLD);
FLOOR(pthread_getspecific, pthread_getspecific, FLOOR_OLD);
FLOOR(pthread_setspecific, pthread_setspecific, FLOOR_OLD);
FLOOR(pthread_attr_setstacksize, pthread_attr_setstacksize, FLOOR_21);
FLOOR(pthread_mutex_trylock, pthread_mutex_trylock, FLOOR_OLD);
FLOOR(pthread_mutexattr_init, pthread_mutexattr_init, FLOOR_OLD);
FLOOR(pthread_mutexattr_destroy, pthread_mutexattr_destroy, FLOOR_OLD);
FLOOR(pthread_mutexattr_settype, pthread_mutexattr_settype, FLOOR_21);
FLOOR(pthread_rwlock_init, pthread_rwlock_init, FLOOR_LOCK);
FLOOR(pthread_rwlock_destroy, pthread_rwlock_destroy, FLOOR_LOCK);
FLOOR(pthread_rwlock_rdlock, pthread_rwlock_rdlock, FLOOR_LOCK);
FLOOR(pthread_rwlock_tryrdlock, pthread_rwlock_tryrdlock, FLOOR_LOCK);
FLOOR(pthread_rwlock_wrlock, pthread_rwlock_wrlock, FLOOR_LOCK);
FLOOR(pthread_rwlock_trywrlock, pthread_rwlock_trywrlock, FLOOR_LOCK);
FLOOR(pthread_rwlock_unlock, pthread_rwlock_unlock, FLOOR_LOCK);
FLOOR(pthread_condattr_setclock, pthread_condattr_setclock, FLOOR_233);
FLOOR(pthread_sigmask, pthread_sigmask, FLOOR_OLD);
FLOOR(pthread_setname_np, pthread_setname_np, "GLIBC_2.12");
FLOOR(sem_init, sem_init, FLOOR_21);
FLOOR(sem_destroy, sem_destroy, FLOOR_21);
FLOOR(sem_post, sem_post, FLOOR_21);
FLOOR(sem_wait, sem_wait, FLOOR_21);
FLOOR(sem_trywait, sem_trywait, FLOOR_21);
FLOOR(sem_timedwait, sem_timedwait, FLOOR_22);
FLOOR(dlopen, dlopen, FLOOR_21);
FLOOR(dlsym, dlsym, FLOOR_OLD);
FLOOR(fcntl64, fcntl, FLOOR_OLD);
#endif /* FLOOR_OLD */
#endif /* RUMPRUN_HOST_FLOOR_H */
