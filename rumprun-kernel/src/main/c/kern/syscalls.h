/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The system calls that this kernel has: number and handler, one row a call.
 * The argument block of sys_x is struct sys_x_args of <netbsd/syscallargs.h>,
 * which may not be aligned better than a register; results go to rv, errors are
 * negative errno values. A new call adds its row and its handler.
 */
#ifndef KERN_SYSCALLS_H
#define KERN_SYSCALLS_H

#include "kern/kernel.h"

/* Processes, descriptors, transfers, time: kern/sys_*.c */
#define KERN_SYSCALLS(X)              \
	X(3, sys_read)                \
	X(4, sys_write)               \
	X(6, sys_close)               \
	X(20, sys_getpid_with_ppid)   \
	X(23, sys_setuid)             \
	X(24, sys_getuid_with_euid)   \
	X(25, sys_geteuid)            \
	X(39, sys_getppid)            \
	X(41, sys_dup)                \
	X(43, sys_getegid)            \
	X(45, sys_ktrace)             \
	X(47, sys_getgid_with_egid)   \
	X(49, sys___getlogin)         \
	X(50, sys___setlogin)         \
	X(54, sys_ioctl)              \
	X(79, sys_getgroups)          \
	X(80, sys_setgroups)          \
	X(81, sys_getpgrp)            \
	X(82, sys_setpgid)            \
	X(90, sys_dup2)               \
	X(92, sys_fcntl)              \
	X(120, sys_readv)             \
	X(121, sys_writev)            \
	X(126, sys_setreuid)          \
	X(127, sys_setregid)          \
	X(147, sys_setsid)            \
	X(173, sys_pread)             \
	X(174, sys_pwrite)            \
	X(181, sys_setgid)            \
	X(182, sys_setegid)           \
	X(183, sys_seteuid)           \
	X(194, sys_getrlimit)         \
	X(195, sys_setrlimit)         \
	X(199, sys_lseek)             \
	X(207, sys_getpgid)           \
	X(286, sys_getsid)            \
	X(288, sys_fktrace)           \
	X(289, sys_preadv)            \
	X(290, sys_pwritev)           \
	X(305, sys_issetugid)         \
	X(306, sys_utrace)            \
	X(418, sys___gettimeofday50)  \
	X(419, sys___settimeofday50)  \
	X(421, sys___adjtime50)       \
	X(427, sys___clock_gettime50) \
	X(428, sys___clock_settime50) \
	X(429, sys___clock_getres50)  \
	X(430, sys___nanosleep50)     \
	X(440, sys___fstat50)         \
	X(454, sys_dup3)              \
	X(477, sys_clock_nanosleep)

/* Pipes, readiness, timers, sysctl, modules: kern/ */
#define SERVICE_SYSCALLS(X)           \
	X(42, sys_pipe)               \
	X(202, sys___sysctl)          \
	X(208, sys_reboot)            \
	X(209, sys_poll)              \
	X(235, sys_timer_create)      \
	X(236, sys_timer_delete)      \
	X(239, sys_timer_getoverrun)  \
	X(246, sys_modctl)            \
	X(344, sys_kqueue)            \
	X(417, sys___select50)        \
	X(425, sys___setitimer50)     \
	X(426, sys___getitimer50)     \
	X(435, sys___kevent50)        \
	X(436, sys___pselect50)       \
	X(437, sys___pollts50)        \
	X(446, sys___timer_settime50) \
	X(447, sys___timer_gettime50) \
	X(453, sys_pipe2)             \
	X(455, sys_kqueue1)

/* Everything on names, vnodes and mounts: vfs/ */
#define VFS_SYSCALLS(X)                 \
	X(5, sys_open)                  \
	X(9, sys_link)                  \
	X(10, sys_unlink)               \
	X(12, sys_chdir)                \
	X(13, sys_fchdir)               \
	X(15, sys_chmod)                \
	X(16, sys_chown)                \
	X(22, sys_unmount)              \
	X(33, sys_access)               \
	X(34, sys_chflags)              \
	X(35, sys_fchflags)             \
	X(36, sys_sync)                 \
	X(56, sys_revoke)               \
	X(57, sys_symlink)              \
	X(58, sys_readlink)             \
	X(60, sys_umask)                \
	X(61, sys_chroot)               \
	X(95, sys_fsync)                \
	X(123, sys_fchown)              \
	X(124, sys_fchmod)              \
	X(128, sys_rename)              \
	X(131, sys_flock)               \
	X(132, sys_mkfifo)              \
	X(136, sys_mkdir)               \
	X(137, sys_rmdir)               \
	X(191, sys_pathconf)            \
	X(192, sys_fpathconf)           \
	X(200, sys_truncate)            \
	X(201, sys_ftruncate)           \
	X(241, sys_fdatasync)           \
	X(270, sys___posix_rename)      \
	X(274, sys_lchmod)              \
	X(275, sys_lchown)              \
	X(283, sys___posix_chown)       \
	X(284, sys___posix_fchown)      \
	X(285, sys___posix_lchown)      \
	X(296, sys___getcwd)            \
	X(297, sys_fchroot)             \
	X(304, sys_lchflags)            \
	X(354, sys_fsync_range)         \
	X(356, sys_getvfsstat)          \
	X(357, sys_statvfs1)            \
	X(358, sys_fstatvfs1)           \
	X(360, sys_extattrctl)          \
	X(361, sys_extattr_set_file)    \
	X(362, sys_extattr_get_file)    \
	X(363, sys_extattr_delete_file) \
	X(364, sys_extattr_set_fd)      \
	X(365, sys_extattr_get_fd)      \
	X(366, sys_extattr_delete_fd)   \
	X(367, sys_extattr_set_link)    \
	X(368, sys_extattr_get_link)    \
	X(369, sys_extattr_delete_link) \
	X(370, sys_extattr_list_fd)     \
	X(371, sys_extattr_list_file)   \
	X(372, sys_extattr_list_link)   \
	X(375, sys_setxattr)            \
	X(376, sys_lsetxattr)           \
	X(377, sys_fsetxattr)           \
	X(378, sys_getxattr)            \
	X(379, sys_lgetxattr)           \
	X(380, sys_fgetxattr)           \
	X(381, sys_listxattr)           \
	X(382, sys_llistxattr)          \
	X(383, sys_flistxattr)          \
	X(384, sys_removexattr)         \
	X(385, sys_lremovexattr)        \
	X(386, sys_fremovexattr)        \
	X(390, sys___getdents30)        \
	X(395, sys___getfh30)           \
	X(396, sys___fhopen40)          \
	X(397, sys___fhstatvfs140)      \
	X(410, sys___mount50)           \
	X(416, sys___posix_fadvise50)   \
	X(420, sys___utimes50)          \
	X(423, sys___futimes50)         \
	X(424, sys___lutimes50)         \
	X(439, sys___stat50)            \
	X(441, sys___lstat50)           \
	X(450, sys___mknod50)           \
	X(451, sys___fhstat50)          \
	X(457, sys_linkat)              \
	X(458, sys_renameat)            \
	X(459, sys_mkfifoat)            \
	X(460, sys_mknodat)             \
	X(461, sys_mkdirat)             \
	X(462, sys_faccessat)           \
	X(463, sys_fchmodat)            \
	X(464, sys_fchownat)            \
	X(466, sys_fstatat)             \
	X(467, sys_utimensat)           \
	X(468, sys_openat)              \
	X(469, sys_readlinkat)          \
	X(470, sys_symlinkat)           \
	X(471, sys_unlinkat)            \
	X(472, sys_futimens)            \
	X(473, sys___quotactl)          \
	X(479, sys_posix_fallocate)     \
	X(480, sys_fdiscard)

/* Sockets: net/ */
#define NET_SYSCALLS(X)                    \
	X(27, sys_recvmsg)                 \
	X(28, sys_sendmsg)                 \
	X(29, sys_recvfrom)                \
	X(30, sys_accept)                  \
	X(31, sys_getpeername)             \
	X(32, sys_getsockname)             \
	X(97, sys_compat_30_socket)        \
	X(98, sys_connect)                 \
	X(99, sys_compat_43_oaccept)       \
	X(101, sys_compat_43_osend)        \
	X(102, sys_compat_43_orecv)        \
	X(104, sys_bind)                   \
	X(105, sys_setsockopt)             \
	X(106, sys_listen)                 \
	X(113, sys_compat_43_orecvmsg)     \
	X(114, sys_compat_43_osendmsg)     \
	X(118, sys_getsockopt)             \
	X(125, sys_compat_43_orecvfrom)    \
	X(133, sys_sendto)                 \
	X(134, sys_shutdown)               \
	X(135, sys_socketpair)             \
	X(141, sys_compat_43_ogetpeername) \
	X(150, sys_compat_43_ogetsockname) \
	X(394, sys___socket30)             \
	X(456, sys_paccept)                \
	X(475, sys_recvmmsg)               \
	X(476, sys_sendmmsg)

#define SYSCALL_HANDLER(number, handler) \
	int handler(struct lwp *, const void *, register_t *);
KERN_SYSCALLS(SYSCALL_HANDLER)
SERVICE_SYSCALLS(SYSCALL_HANDLER)
VFS_SYSCALLS(SYSCALL_HANDLER)
NET_SYSCALLS(SYSCALL_HANDLER)
#undef SYSCALL_HANDLER

#endif
