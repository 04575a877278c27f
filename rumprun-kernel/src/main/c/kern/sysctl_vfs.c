/* SPDX-License-Identifier: BSD-2-Clause */
/* The names of the file system layer and of FFS, with their variables. */
#include <stdio.h>
#include <netbsd/module.h>
#include <netbsd/mount.h>
#include "kern/hooks.h"
#include "kern/services.h"
#include "kern/sysctl_state.h"

#define NODE CTLTYPE_NODE
#define PERM CTLFLAG_PERMANENT
#define RW CTLFLAG_READWRITE
#define VAR(member) .sd_off = offsetof(struct sysctl_vfs, member)
#define RANGE(min, max) .sd_min = (min), .sd_max = (max)

#define MAXSYNC 60 /* seconds a change may wait */

struct typelist {
	char *buf;
	size_t len, size;
};

static int
add_type(const struct module_info *mi, void *arg)
{
	struct typelist *t = arg;
	size_t n = strlen(mi->mi_name);

	/* The journal is of that class, but no file system. */
	if (mi->mi_class != MODULE_CLASS_VFS ||
	    strcmp(mi->mi_name, "wapbl") == 0 || t->len + n + 2 > t->size)
		return 0;
	t->buf[t->len++] = ' ';
	memcpy(t->buf + t->len, mi->mi_name, n + 1);
	t->len += n;
	return 0;
}

/* The NUL counts for who only asks; who reads gets it, and is told the length without it. */
static int
fn_fstypes(struct sysctl_call *c)
{
	char buf[512] = "rumpfs";
	struct typelist t = { buf, strlen(buf), sizeof(buf) };
	int error;

	module_foreach(c->sc_k, add_type, &t);
	error = sysctl_out(c, buf, t.len + 1);
	if (c->sc_old != NULL && c->sc_done <= c->sc_oldlen)
		c->sc_done--;
	return error;
}

static int
fn_nchstats(struct sysctl_call *c)
{
	uint64_t v[NCHSTATS];

	if (c->sc_namelen != 0)
		return -ENOTDIR;
	if (c->sc_new != NULL)
		return -EPERM;
	ncache_stats(c->sc_k, v);
	return sysctl_out(c, v, sizeof(v));
}

/* Percent of the memory that buffers may take; the marks follow. */
static int
fn_bufcache(struct sysctl_call *c)
{
	struct sysctl_vfs *sv = c->sc_ctx;
	struct sysctl_state *ss = c->sc_k->k_sysctl;
	int32_t v = sv->bufcache_percent;
	bool changed;
	int error = sysctl_int(c, &v, &changed);

	if (error != 0 || !changed)
		return error;
	if (v < 0 || v > 95)
		return -EINVAL;
	sv->bufcache_percent = v;
	sv->bufmem_hiwater = ss->ss_physmem64 / 4096 * v / 100 * 4096;
	sv->bufmem_lowater = sv->bufmem_hiwater / 8;
	return 0;
}

static int
fn_bufwater(struct sysctl_call *c)
{
	struct sysctl_vfs *sv = c->sc_ctx;
	_Atomic int64_t *at = (_Atomic int64_t *)(void *)((char *)sv +
	    c->sc_def->sd_off);
	int64_t v = *at;
	bool changed, low = at == &sv->bufmem_lowater;
	int error = sysctl_quad(c, &v, &changed);

	if (error != 0 || !changed)
		return error;
	if (v < 0 || (low && v > sv->bufmem_hiwater) ||
	    (!low && v < sv->bufmem_lowater))
		return -EINVAL;
	*at = v;
	return 0;
}

static int
fn_none(struct sysctl_call *c)
{
	return c->sc_new != NULL ? -EPERM : 0;
}

static const struct sysctl_def vfs_table[] = {
	{ "vfs.generic", VFS_GENERIC, NODE, .sd_fn = NULL },
	{ "vfs.generic.fstypes", CTL_CREATE, CTLTYPE_STRING,
	    .sd_fn = fn_fstypes },
	{ "vfs.generic.magiclinks", VFS_MAGICLINKS, RW | CTLTYPE_INT,
	    VAR(magiclinks) },
	{ "vfs.sync", CTL_CREATE, PERM | NODE, .sd_fn = NULL },
	{ "vfs.sync.delay", CTL_CREATE, PERM | RW | CTLTYPE_QUAD,
	    VAR(sync_delay), RANGE(0, MAXSYNC) },
	{ "vfs.sync.filedelay", CTL_CREATE, PERM | RW | CTLTYPE_QUAD,
	    VAR(sync_filedelay), RANGE(0, MAXSYNC) },
	{ "vfs.sync.dirdelay", CTL_CREATE, PERM | RW | CTLTYPE_QUAD,
	    VAR(sync_dirdelay), RANGE(0, MAXSYNC) },
	{ "vfs.sync.metadelay", CTL_CREATE, PERM | RW | CTLTYPE_QUAD,
	    VAR(sync_metadelay), RANGE(0, MAXSYNC) },
	{ "vfs.namecache_stats", CTL_CREATE, CTLTYPE_STRUCT,
	    .sd_fn = fn_nchstats },
	{ "vfs.generic.dirhash", CTL_CREATE, NODE, .sd_fn = NULL },
	{ "vfs.generic.dirhash.memused", CTL_CREATE, CTLTYPE_INT,
	    VAR(dirhash_memused) },
	{ "vfs.generic.dirhash.maxmem", CTL_CREATE, RW | CTLTYPE_INT,
	    VAR(dirhash_maxmem), RANGE(0, INT32_MAX) },
	{ "vfs.wapbl", CTL_CREATE, NODE, .sd_fn = NULL },
	{ "vfs.wapbl.flush_disk_cache", CTL_CREATE, RW | CTLTYPE_INT,
	    VAR(wapbl_flush_disk_cache) },
	{ "vfs.wapbl.verbose_commit", CTL_CREATE, RW | CTLTYPE_INT,
	    VAR(wapbl_verbose_commit) },
	{ "kern.buf", KERN_BUF, NODE, .sd_fn = fn_none },
	{ "vm.bufcache", CTL_CREATE, RW | CTLTYPE_INT, .sd_fn = fn_bufcache },
	{ "vm.bufmem", CTL_CREATE, CTLTYPE_QUAD, VAR(bufmem) },
	{ "vm.bufmem_lowater", CTL_CREATE, RW | CTLTYPE_QUAD,
	    .sd_fn = fn_bufwater, VAR(bufmem_lowater) },
	{ "vm.bufmem_hiwater", CTL_CREATE, RW | CTLTYPE_QUAD,
	    .sd_fn = fn_bufwater, VAR(bufmem_hiwater) },
	{ .sd_path = NULL },
};

static const struct sysctl_def ffs_table[] = {
	{ "vfs.ffs", 1, NODE, .sd_fn = NULL },
	{ "vfs.ffs.doclusterread", 1, RW | CTLTYPE_INT, VAR(ffs_doclusterread) },
	{ "vfs.ffs.doclusterwrite", 2, RW | CTLTYPE_INT,
	    VAR(ffs_doclusterwrite) },
	{ "vfs.ffs.doreallocblks", 3, RW | CTLTYPE_INT, VAR(ffs_doreallocblks) },
	{ "vfs.ffs.log_changeopt", 5, RW | CTLTYPE_INT, VAR(ffs_log_changeopt) },
	{ "vfs.ffs.extattr_autocreate", 6, RW | CTLTYPE_INT,
	    VAR(ffs_extattr_autocreate) },
	{ "vfs.ufs", CTL_CREATE, NODE, .sd_fn = NULL },
	{ "vfs.ufs.dirhash", CTL_CREATE, NODE, .sd_fn = NULL },
	{ "vfs.ufs.dirhash.minblocks", CTL_CREATE, RW | CTLTYPE_INT,
	    VAR(ufs_dirhash_minblocks) },
	{ "vfs.ufs.dirhash.maxmem", CTL_CREATE, RW | CTLTYPE_INT,
	    VAR(ufs_dirhash_maxmem) },
	{ "vfs.ufs.dirhash.memused", CTL_CREATE, CTLTYPE_INT,
	    VAR(ufs_dirhash_memused) },
	{ "vfs.ufs.dirhash.docheck", CTL_CREATE, RW | CTLTYPE_INT,
	    VAR(ufs_dirhash_docheck) },
	{ .sd_path = NULL },
};

struct sysctl_vfs *
sysctl_vfs(struct rump_kernel *k)
{
	return &k->k_sysctl->ss_vfs;
}

int
sysctl_attach_vfs(struct rump_kernel *k)
{
	struct sysctl_state *ss = k->k_sysctl;
	struct sysctl_vfs *sv = &ss->ss_vfs;

	sv->dirhash_maxmem = 1 << 20;
	sv->sync_delay = 30;
	sv->sync_filedelay = 30;
	sv->sync_dirdelay = 15;
	sv->sync_metadelay = 10;
	sv->wapbl_flush_disk_cache = 1;
	sv->bufcache_percent = 15;
	sv->bufmem_hiwater = ss->ss_physmem64 / 4096 * 15 / 100 * 4096;
	sv->bufmem_lowater = sv->bufmem_hiwater / 8;
	return sysctl_attach(k, vfs_table, sv);
}

int
sysctl_attach_ffs(struct rump_kernel *k)
{
	struct sysctl_vfs *sv = sysctl_vfs(k);

	if (k->k_sysctl->ss_ffs)
		return 0;
	k->k_sysctl->ss_ffs = true;
	sv->ffs_doclusterread = 1;
	sv->ffs_doclusterwrite = 1;
	sv->ufs_dirhash_minblocks = 5;
	sv->ufs_dirhash_maxmem = 2 << 20;
	return sysctl_attach(k, ffs_table, sv);
}
