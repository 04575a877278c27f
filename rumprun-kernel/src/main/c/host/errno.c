/* SPDX-License-Identifier: BSD-2-Clause */
/* The host's errno values as NetBSD's. */
#include "host/hostonly.h"

#define NB_EIO 5

struct row {
	uint8_t host, netbsd;
};

/* By the host's number; what NetBSD has no name for is an I/O error. */
static const struct row rows[] = {
	{ EPERM, 1 },
	{ ENOENT, 2 },
	{ ESRCH, 3 },
	{ EINTR, 4 },
	{ EIO, 5 },
	{ ENXIO, 6 },
	{ E2BIG, 7 },
	{ ENOEXEC, 8 },
	{ EBADF, 9 },
	{ ECHILD, 10 },
	{ EAGAIN, 35 },
	{ ENOMEM, 12 },
	{ EACCES, 13 },
	{ EFAULT, 14 },
	{ ENOTBLK, 15 },
	{ EBUSY, 16 },
	{ EEXIST, 17 },
	{ EXDEV, 18 },
	{ ENODEV, 19 },
	{ ENOTDIR, 20 },
	{ EISDIR, 21 },
	{ EINVAL, 22 },
	{ ENFILE, 23 },
	{ EMFILE, 24 },
	{ ENOTTY, 25 },
	{ ETXTBSY, 26 },
	{ EFBIG, 27 },
	{ ENOSPC, 28 },
	{ ESPIPE, 29 },
	{ EROFS, 30 },
	{ EMLINK, 31 },
	{ EPIPE, 32 },
	{ EDOM, 33 },
	{ ERANGE, 34 },
	{ EDEADLK, 11 },
	{ ENAMETOOLONG, 63 },
	{ ENOLCK, 77 },
	{ ENOSYS, 78 },
	{ ENOTEMPTY, 66 },
	{ ELOOP, 62 },
	{ ENOMSG, 83 },
	{ EIDRM, 82 },
	{ ENOSTR, 91 },
	{ ENODATA, 89 },
	{ ETIME, 92 },
	{ ENOSR, 90 },
	{ EREMOTE, 71 },
	{ ENOLINK, 95 },
	{ EPROTO, 96 },
	{ EMULTIHOP, 94 },
	{ EBADMSG, 88 },
	{ EOVERFLOW, 84 },
	{ EILSEQ, 85 },
	{ EUSERS, 68 },
	{ ENOTSOCK, 38 },
	{ EDESTADDRREQ, 39 },
	{ EMSGSIZE, 40 },
	{ EPROTOTYPE, 41 },
	{ ENOPROTOOPT, 42 },
	{ EPROTONOSUPPORT, 43 },
	{ ESOCKTNOSUPPORT, 44 },
	{ EOPNOTSUPP, 45 },
	{ EPFNOSUPPORT, 46 },
	{ EAFNOSUPPORT, 47 },
	{ EADDRINUSE, 48 },
	{ EADDRNOTAVAIL, 49 },
	{ ENETDOWN, 50 },
	{ ENETUNREACH, 51 },
	{ ENETRESET, 52 },
	{ ECONNABORTED, 53 },
	{ ECONNRESET, 54 },
	{ ENOBUFS, 55 },
	{ EISCONN, 56 },
	{ ENOTCONN, 57 },
	{ ESHUTDOWN, 58 },
	{ ETOOMANYREFS, 59 },
	{ ETIMEDOUT, 60 },
	{ ECONNREFUSED, 61 },
	{ EHOSTDOWN, 64 },
	{ EHOSTUNREACH, 65 },
	{ EALREADY, 37 },
	{ EINPROGRESS, 36 },
	{ ESTALE, 70 },
	{ EDQUOT, 69 },
	{ ECANCELED, 87 },
};

int
host_error(int hosterrno)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].host == hosterrno)
			return -rows[i].netbsd;
	return -NB_EIO;
}

/* C callers compare errno with NetBSD's numbers, as they do with NetBSD's
 * own rump kernel: it is stored as it is. */
void
host_seterrno(int netbsd_errno)
{
	errno = netbsd_errno;
}
