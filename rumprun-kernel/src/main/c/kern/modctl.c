/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Kernel modules: which are built into a kernel, and modctl(2).
 *
 * Every component names its modules; a kernel has those of the components that it booted, and two of its own. There is
 * no other kind: code is not loaded into a running kernel.
 */
#include <netbsd/fcntl.h>
#include <netbsd/module.h>
#include <netbsd/syscallargs.h>
#include "kern/hooks.h"
#include "kern/services.h"
#include "kern/syscalls.h"

#define BASE_MODULES "ksem,suser"

/* In alphabetical order. */
static const struct module_info modules[] = {
	{ "aio", NULL, MODULE_CLASS_MISC },
	{ "blowfish", NULL, MODULE_CLASS_MISC },
	{ "bpf", "bpf_filter", MODULE_CLASS_DRIVER },
	{ "bpf_filter", NULL, MODULE_CLASS_MISC },
	{ "bpfjit", "sljit", MODULE_CLASS_MISC },
	{ "camellia", NULL, MODULE_CLASS_MISC },
	{ "cast128", NULL, MODULE_CLASS_MISC },
	{ "cd9660", NULL, MODULE_CLASS_VFS },
	{ "cgd", "dk_subr", MODULE_CLASS_DRIVER },
	{ "crypto", "opencrypto", MODULE_CLASS_DRIVER },
	{ "des", NULL, MODULE_CLASS_MISC },
	{ "dk_subr", NULL, MODULE_CLASS_MISC },
	{ "dm", "dk_subr", MODULE_CLASS_DRIVER },
	{ "drvctl", NULL, MODULE_CLASS_DRIVER },
	{ "efs", NULL, MODULE_CLASS_VFS },
	{ "ext2fs", "ffs", MODULE_CLASS_VFS },
	{ "fdesc", NULL, MODULE_CLASS_VFS },
	{ "ffs", "wapbl", MODULE_CLASS_VFS },
	{ "fss", NULL, MODULE_CLASS_DRIVER },
	{ "hfs", NULL, MODULE_CLASS_VFS },
	{ "if_npflog", NULL, MODULE_CLASS_DRIVER },
	{ "if_virt_virt", NULL, MODULE_CLASS_DRIVER },
	{ "kernfs", NULL, MODULE_CLASS_VFS },
	{ "ksem", NULL, MODULE_CLASS_MISC },
	{ "layerfs", NULL, MODULE_CLASS_MISC },
	{ "lfs", NULL, MODULE_CLASS_VFS },
	{ "mfs", "ffs", MODULE_CLASS_VFS },
	{ "msdos", NULL, MODULE_CLASS_VFS },
	{ "nfs", NULL, MODULE_CLASS_VFS },
	{ "nfsserver", "nfs", MODULE_CLASS_MISC },
	{ "nilfs", NULL, MODULE_CLASS_VFS },
	{ "npf", NULL, MODULE_CLASS_DRIVER },
	{ "npf_alg_icmp", "npf", MODULE_CLASS_MISC },
	{ "npf_ext_log", "npf", MODULE_CLASS_MISC },
	{ "npf_ext_normalize", "npf", MODULE_CLASS_MISC },
	{ "npf_ext_rndblock", "npf", MODULE_CLASS_MISC },
	{ "nsmb", NULL, MODULE_CLASS_DRIVER },
	{ "ntfs", NULL, MODULE_CLASS_VFS },
	{ "null", "layerfs", MODULE_CLASS_VFS },
	{ "opencrypto", NULL, MODULE_CLASS_MISC },
	{ "pad", NULL, MODULE_CLASS_DRIVER },
	{ "ptyfs", NULL, MODULE_CLASS_VFS },
	{ "pud", "putter", MODULE_CLASS_DRIVER },
	{ "puffs", "putter", MODULE_CLASS_VFS },
	{ "putter", NULL, MODULE_CLASS_DRIVER },
	{ "raid", "dk_subr", MODULE_CLASS_DRIVER },
	{ "scsiverbose", NULL, MODULE_CLASS_MISC },
	{ "skipjack", NULL, MODULE_CLASS_MISC },
	{ "sljit", NULL, MODULE_CLASS_MISC },
	{ "smbfs", "nsmb", MODULE_CLASS_VFS },
	{ "suser", NULL, MODULE_CLASS_SECMODEL },
	{ "swcrypto",
	    "opencrypto,zlib,blowfish,des,cast128,"
	    "camellia,skipjack",
	    MODULE_CLASS_DRIVER },
	{ "swsensor", "sysmon_envsys", MODULE_CLASS_DRIVER },
	{ "swwdog", "sysmon_wdog", MODULE_CLASS_DRIVER },
	{ "sysmon", NULL, MODULE_CLASS_DRIVER },
	{ "sysmon_envsys", "sysmon,sysmon_taskq,sysmon_power",
	    MODULE_CLASS_DRIVER },
	{ "sysmon_power", "sysmon", MODULE_CLASS_DRIVER },
	{ "sysmon_taskq", NULL, MODULE_CLASS_MISC },
	{ "sysmon_wdog", "sysmon", MODULE_CLASS_DRIVER },
	{ "sysvbfs", NULL, MODULE_CLASS_VFS },
	{ "tmpfs", NULL, MODULE_CLASS_VFS },
	{ "udf", NULL, MODULE_CLASS_VFS },
	{ "umap", "layerfs", MODULE_CLASS_VFS },
	{ "union", NULL, MODULE_CLASS_VFS },
	{ "v7fs", NULL, MODULE_CLASS_VFS },
	{ "vnd", NULL, MODULE_CLASS_DRIVER },
	{ "wapbl", NULL, MODULE_CLASS_VFS },
	{ "zlib", NULL, MODULE_CLASS_MISC },
};
#define NMODULES (sizeof(modules) / sizeof(modules[0]))

const struct module_info *
module_find(const char *name, size_t len)
{
	for (size_t i = 0; i < NMODULES; i++)
		if (strlen(modules[i].mi_name) == len &&
		    memcmp(modules[i].mi_name, name, len) == 0)
			return &modules[i];
	return NULL;
}

/* Is the module in this comma separated list? */
static bool
listed(const char *list, const char *name)
{
	size_t len = strlen(name);

	while (list != NULL && *list != '\0') {
		size_t n = strcspn(list, ",");

		if (n == len && memcmp(list, name, len) == 0)
			return true;
		list += n + (list[n] == ',');
	}
	return false;
}

static bool
present(struct rump_kernel *k, const char *name)
{
	if (listed(BASE_MODULES, name))
		return true;
	for (size_t i = 0; kern_components[i] != NULL && i < sizeof(k->k_have);
	     i++)
		if (k->k_have[i] && listed(kern_components[i]->c_modules, name))
			return true;
	return false;
}

int
module_foreach(struct rump_kernel *k,
    int (*fn)(const struct module_info *, void *), void *arg)
{
	int error = 0;

	for (size_t i = 0; i < NMODULES && error == 0; i++)
		if (present(k, modules[i].mi_name))
			error = fn(&modules[i], arg);
	return error;
}

/* --- the call --- */

struct listing {
	struct rump_kernel *k;
	struct modstat *ms; /* NULL: only counts */
	size_t n;
};

static int
count_user(const struct module_info *mi, void *arg)
{
	struct modstat *ms = arg;

	ms->ms_refcnt += listed(mi->mi_requires, ms->ms_name);
	return 0;
}

static int
list_one(const struct module_info *mi, void *arg)
{
	struct listing *list = arg;
	struct modstat *ms;

	if (list->ms != NULL) {
		ms = &list->ms[list->n];
		memcpy(ms->ms_name, mi->mi_name, strlen(mi->mi_name) + 1);
		if (mi->mi_requires != NULL)
			memcpy(ms->ms_required, mi->mi_requires,
			    strlen(mi->mi_requires) + 1);
		ms->ms_source = MODULE_SOURCE_KERNEL;
		ms->ms_class = mi->mi_class;
		module_foreach(list->k, count_user, ms);
	}
	list->n++;
	return 0;
}

/* The iovec that the argument points to says where to, and gets how long the list is; what doesn't fit is left out. */
static int
modctl_stat(struct lwp *l, void *arg)
{
	struct rump_kernel *k = l->l_k;
	struct listing list = { k, NULL, 0 };
	struct iovec iov;
	size_t size;
	int error;

	error = copyin(l, arg, &iov, sizeof(iov));
	if (error != 0)
		return error;
	module_foreach(k, list_one, &list);
	size = list.n * sizeof(struct modstat);
	list.ms = kmem_zalloc(k, size);
	if (list.ms == NULL)
		return -ENOMEM;
	list.n = 0;
	module_foreach(k, list_one, &list);
	error = copyout(
	    l, list.ms, iov.iov_base, iov.iov_len < size ? iov.iov_len : size);
	if (error == 0) {
		iov.iov_len = size;
		error = copyout(l, &iov, arg, sizeof(iov));
	}
	kmem_free(k, list.ms, size);
	return error;
}

/* A call made by the kernel, for the process that l belongs to. */
static int
own_call(struct lwp *l, int num, const void *args, register_t rv[2])
{
	sy_call_t *fn = kern_sysent[num].sy_call;

	return fn == NULL ? -ENOSYS : fn(l, args, rv);
}

/* The first bytes of a file, as the kernel's own process sees it. */
static int
read_magic(struct lwp *l, const char *path, char magic[4])
{
	struct sys_open_args oa;
	struct sys_read_args ra;
	struct sys_close_args ca;
	register_t rv[2];
	int fd, error;

	memset(magic, 0, 4);
	memset(&oa, 0, sizeof(oa));
	SCARG(&oa, path) = path;
	SCARG(&oa, flags) = O_RDONLY;
	error = own_call(l, SYS_open, &oa, rv);
	if (error != 0)
		return error;
	fd = (int)rv[0];
	memset(&ra, 0, sizeof(ra));
	SCARG(&ra, fd) = fd;
	SCARG(&ra, buf) = magic;
	SCARG(&ra, nbyte) = 4;
	error = own_call(l, SYS_read, &ra, rv);
	memset(&ca, 0, sizeof(ca));
	SCARG(&ca, fd) = fd;
	(void)own_call(l, SYS_close, &ca, rv);
	return error;
}

/*
 * What is not even an object is told so in the reference's words. An object is refused as one that cannot be run
 * here.
 */
static int
load_file(struct rump_kernel *k, const char *path)
{
	const char *name = strrchr(path, '/') + 1;
	struct lwp *l;
	char magic[4];
	int error;

	if (k->k_vfs == NULL)
		return -ENOSYS;
	error = lwp_create(k->k_proc0, &l);
	if (error != 0)
		return error;
	error = read_magic(l, path, magic);
	lwp_destroy(l);
	if (error != 0)
		return error;
	if (memcmp(magic, "\177ELF", 4) != 0)
		kern_printf(k,
		    "kobj_load, 194: [%%M%s]: linker error: "
		    "not an ELF object\n",
		    name);
	else
		kern_printf(k,
		    "%s: this kernel takes no modules but those "
		    "built into it\n",
		    name);
	return -ENOEXEC;
}

/* The component that has a module, and could be without what this kernel hasn't got; -1. */
static int
component_of(struct rump_kernel *k, const char *name)
{
	for (int i = 0;
	     kern_components[i] != NULL && i < (int)sizeof(k->k_have); i++)
		if (listed(kern_components[i]->c_modules, name))
			return i;
	return -1;
}

/*
 * A module of a component that this kernel was booted without, or that was unloaded, comes to life when nothing but its name is missing: file systems, and
 * drivers that need no start.
 */
static int
load_component(struct lwp *l, const char *name, bool force)
{
	struct rump_kernel *k = l->l_k;
	int i = component_of(k, name);
	const struct component *c = i < 0 ? NULL : kern_components[i];

	if (present(k, name))
		return -EEXIST;
	if (c == NULL || c->c_attach != NULL || k->k_vfs == NULL ||
	    (c->c_faction != FACTION_VFS && c->c_faction != FACTION_DEV))
		return -ENOENT;
	if (c->c_needs != NULL && !kern_have(k, c->c_needs))
		return -ENOENT;
	if (atomic_load(&k->k_unloaded) & UINT64_C(1) << i && !force)
		return -EPERM; /* somebody wanted it gone */
	return vfs_component_load(l, i);
}

/* A name without a slash is that of a module that is built in, or of none. */
static int
modctl_load(struct lwp *l, void *arg)
{
	struct modctl_load ml;
	char path[1024];
	int error;

	error = copyin(l, arg, &ml, sizeof(ml));
	if (error == 0)
		error = copyinstr(l, ml.ml_filename, path, sizeof(path), NULL);
	if (error != 0)
		return error;
	if (strchr(path, '/') != NULL)
		return load_file(l->l_k, path);
	return load_component(l, path, (ml.ml_flags & MODCTL_LOAD_FORCE) != 0);
}

static int
modctl_unload(struct lwp *l, void *arg)
{
	struct rump_kernel *k = l->l_k;
	char name[MAXMODNAME];
	struct modstat user;
	int error = copyinstr(l, arg, name, sizeof(name), NULL), i;

	if (error != 0)
		return error;
	if (!present(k, name))
		return -ENOENT;
	i = component_of(k, name);
	user.ms_refcnt = 0;
	memcpy(user.ms_name, name, sizeof(name));
	module_foreach(k, count_user, &user);
	/* What others need, and what has more to it than a file system, stays. */
	if (i < 0 || kern_components[i]->c_vfsops == NULL ||
	    kern_components[i]->c_attach != NULL || user.ms_refcnt > 0)
		return -EBUSY;
	error = vfs_component_unload(k, i);
	if (error == 0)
		atomic_fetch_or(&k->k_unloaded, UINT64_C(1) << i);
	return error;
}

/* Asks whether modules can be loaded: by name (0), or by themselves when they are wanted (1). */
static int
modctl_exists(void *arg)
{
	return (uintptr_t)arg <= 1 ? 0 : -EINVAL;
}

int
sys_modctl(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys_modctl_args *uap = v;
	void *arg = SCARG(uap, arg);
	int cmd = SCARG(uap, cmd);

	(void)rv;
	if ((cmd == MODCTL_LOAD || cmd == MODCTL_UNLOAD) &&
	    !cred_issuser(l->l_cred))
		return -EPERM;
	switch (cmd) {
	case MODCTL_LOAD:
		return modctl_load(l, arg);
	case MODCTL_UNLOAD:
		return modctl_unload(l, arg);
	case MODCTL_STAT:
		return modctl_stat(l, arg);
	case MODCTL_EXISTS:
		return modctl_exists(arg);
	default:
		return -EINVAL;
	}
}
