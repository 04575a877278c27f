/* SPDX-License-Identifier: BSD-2-Clause */
/* reboot(2), and what a server says when it goes down. */
#include <netbsd/reboot.h>
#include <netbsd/syscallargs.h>
#include "kern/services.h"
#include "kern/syscalls.h"

/*
 * The host decides what a reboot means to it. Without one the kernel stops taking calls: whoever booted it finds it
 * halted, and takes it apart.
 */
int
sys_reboot(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys_reboot_args *uap = v;
	struct rump_kernel *k = l->l_k;
	int howto = SCARG(uap, opt), error;
	char bootstr[128];

	(void)rv;
	if (!cred_issuser(l->l_cred))
		return -EPERM;
	if (howto & RB_STRING && SCARG(uap, bootstr) != NULL) {
		error = copyinstr(
		    l, SCARG(uap, bootstr), bootstr, sizeof(bootstr), NULL);
		if (error != 0)
			return error;
	}
	if (k->k_config.kc_halt != NULL)
		k->k_config.kc_halt(k->k_config.kc_haltctx, howto);
	else
		kern_halt_begin(k);
	return 0;
}

void
halt_message_begin(struct rump_kernel *k, bool nosync)
{
	kern_printf(k, "rump kernel halting...\n");
	if (!nosync)
		kern_printf(k, "syncing disks... done\n");
	kern_printf(k, "unmounting file systems...\n");
}

void
halt_message_end(struct rump_kernel *k)
{
	kern_printf(k, "unmounting done\nhalted\n");
}
