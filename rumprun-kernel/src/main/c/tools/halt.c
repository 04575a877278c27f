/* SPDX-License-Identifier: BSD-2-Clause */
/* halt and reboot: ask the kernel to stop. In a rump kernel both end it. */
#include <netbsd/reboot.h>
#include <rumprun/tool_sys.h>
#include "tools/tools.h"

/*
 * The reference looks at no options at all: whatever is said, the kernel halts. -n, -d are taken at their word here; the others concern a
 * machine's power, console and log.
 */
static int
howto(struct tool *t, int argc, char **argv)
{
	int c, how = 0;

	t->t_opt.opterr = 0;
	while ((c = t_getopt(t, argc, argv, "dlnpqvxz")) != -1) {
		if (c == 'n')
			how |= RB_NOSYNC;
	}
	return how;
}

int
halt_main(struct tool *t, int argc, char **argv)
{
	struct sys_reboot_args args;
	register_t rv[2];
	int error;

	memset(&args, 0, sizeof(args));
	args.opt.datum = howto(t, argc, argv);
	error = t_syscall(t, SYS_reboot, &args, sizeof(args), rv);
	/* No server any more: that is what was wanted. */
	if (error != 0 && error != -ENOTCONN)
		t_fail(t, 1, error, "reboot()");
	return 0;
}
