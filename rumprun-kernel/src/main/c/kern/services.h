/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's own services in one hand: console, timers, sysctl tree. Boot calls init before the first component's
 * attach, start after the last one; halt calls fini after the last component's detach.
 */
#ifndef KERN_SERVICES_H
#define KERN_SERVICES_H

#include "kern/kernel.h"

int services_init(struct rump_kernel *) MUST_CHECK;
/* What comes after the components: names of built-in modules and the like. */
int services_start(struct rump_kernel *) MUST_CHECK;
/* Stops the timers' thread and frees everything; whatever init or start got as far as. */
void services_fini(struct rump_kernel *);

/* --- system shutdown (kern/reboot.c) --- */

/*
 * What a server prints when it goes down: the first after sync, before it unmounts (nosync: RB_NOSYNC), the other when
 * the file systems are gone. The last word is "halted" in any case, reboots too.
 */
void halt_message_begin(struct rump_kernel *, bool nosync);
void halt_message_end(struct rump_kernel *);

/* --- built-in modules (kern/modctl.c) --- */

struct module_info {
	const char *mi_name;
	const char *mi_requires; /* comma separated, or NULL */
	int mi_class;		 /* MODULE_CLASS_* */
};
/* The facts of a built-in module's name; NULL. */
const struct module_info *module_find(const char *name, size_t len);
/* Calls fn for every module of the booted components; stops at the first nonzero result and returns it. */
int module_foreach(struct rump_kernel *,
    int (*fn)(const struct module_info *, void *), void *);

#endif
