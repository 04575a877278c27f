/* SPDX-License-Identifier: BSD-2-Clause */
/* Trace points by letter, for ktrace and kdump. */
#ifndef TOOLS_TRPOINTS_H
#define TOOLS_TRPOINTS_H

#include <netbsd/ktrace.h>

#define TRPOINTS_DEFAULT                                             \
	((unsigned)(KTRFAC_SYSCALL | KTRFAC_SYSRET | KTRFAC_NAMEI |  \
	    KTRFAC_GENIO | KTRFAC_PSIG | KTRFAC_EMUL | KTRFAC_USER | \
	    KTRFAC_EXEC_ARG | KTRFAC_EXEC_ENV | KTRFAC_MIB | KTRFAC_EXEC_FD))
#define TRPOINTS_ALL (TRPOINTS_DEFAULT | KTRFAC_CSW)

/* The points that the letters name, "-" before those that are left out; -1: a letter that isn't one. */
int trpoints(const char *letters);

#endif
