/* SPDX-License-Identifier: BSD-2-Clause */
/* The names of the base kernel: kern.*, hw.*, and those of its two modules. Their order gives them numbers and versions. */
#include <stdio.h>
#include <netbsd/resource.h>
#include "dev/disk.h"
#include "kern/console.h"
#include "kern/sysctl_state.h"

#ifdef __x86_64__
#define MACHINE "amd64"
#define MACHINE_ARCH "x86_64"
#else
#define MACHINE "i386"
#define MACHINE_ARCH "i386"
#endif
#define ALIGNBYTES (sizeof(void *) == 8 ? 7 : 3)
#define OSRELEASE "7.99.34"

#define PHYSMEM (INT64_C(512) << 20) /* without a limit */
#define HZ 100
#define TICK_NS (INT64_C(1000000000) / HZ)
#define RANDOM_MAX 8192

/* Numbers below kern.pipe. */
enum {
	PIPE_MAXKVASZ = 1,
	PIPE_LIMITKVA,
	PIPE_MAXBIGPIPES,
	PIPE_NBIGPIPES,
	PIPE_KVASIZE
};

#define NODE CTLTYPE_NODE
#define PERM CTLFLAG_PERMANENT
#define RW CTLFLAG_READWRITE
#define VAR(member) .sd_off = offsetof(struct sysctl_state, member)

static int
fn_ncpu(struct sysctl_call *c)
{
	int32_t n = c->sc_k->k_config.kc_ncpu;
	bool changed;

	return sysctl_int(c, &n, &changed);
}

/* hostname and domainname: the value is copied out and in beside the lock. */
static int
name_string(struct sysctl_call *c, char *at, size_t size)
{
	struct kmutex *lock = &c->sc_k->k_sysctl->ss_strlock;
	char buf[1025];
	bool changed;
	int error;

	kmutex_enter(lock);
	memcpy(buf, at, size);
	kmutex_exit(lock);
	error = sysctl_string(c, buf, size, &changed);
	if (changed) {
		kmutex_enter(lock);
		memcpy(at, buf, size);
		kmutex_exit(lock);
	}
	return error;
}

static int
fn_hostname(struct sysctl_call *c)
{
	return name_string(c, c->sc_k->k_hostname, 256);
}

static int
fn_domainname(struct sysctl_call *c)
{
	return name_string(c, c->sc_k->k_domainname, 256);
}

static int
fn_firmware_path(struct sysctl_call *c)
{
	return name_string(c, c->sc_k->k_sysctl->ss_firmware_path,
	    sizeof(c->sc_k->k_sysctl->ss_firmware_path));
}

/*
 * Two clocks, as a rump kernel shows them. The parts are written one behind the other, each over the NUL of the one
 * before; who only asks is told more than that.
 */
static int
fn_tc_choice(struct sysctl_call *c)
{
	static const char first[] = "clockinterrupt(q=0, f=100 Hz)";
	static const char second[] = " dummy(q=-1000000, f=1000000 Hz)";
	int error;

	if (c->sc_old == NULL) {
		c->sc_done = 224;
		return 0;
	}
	error = sysctl_out(c, first, sizeof(first));
	if (error != 0)
		return error;
	c->sc_done--;
	error = sysctl_out(c, second, sizeof(second));
	c->sc_done--;
	return error;
}

/* There is one that works; naming it is all that can be done. */
static int
fn_tc_hardware(struct sysctl_call *c)
{
	char name[64] = "clockinterrupt";
	bool changed;
	int error = sysctl_string(c, name, sizeof(name), &changed);

	if (changed && strcmp(name, "clockinterrupt") != 0)
		error = -EINVAL;
	return error;
}

/* Tables of which this kernel has no entries: event counters, pools, buffers. */
static int
fn_empty(struct sysctl_call *c)
{
	return c->sc_new != NULL ? -EPERM : 0;
}

static int
fn_nbigpipes(struct sysctl_call *c)
{
	int32_t n = c->sc_k->k_nbigpipes;
	bool changed;

	if (c->sc_def->sd_num == PIPE_KVASIZE)
		n *= 65536;
	return sysctl_int(c, &n, &changed);
}

static int
fn_urandom(struct sysctl_call *c)
{
	int32_t v;
	bool changed;

	kern_random(c->sc_k, &v, sizeof(v));
	return sysctl_int(c, &v, &changed);
}

int32_t
sysctl_maxbigpipes(struct rump_kernel *k)
{
	return k->k_sysctl == NULL ? 0 : k->k_sysctl->ss_maxbigpipes;
}

/* As many bytes as there is room for. */
static int
fn_arandom(struct sysctl_call *c)
{
	size_t left = c->sc_old == NULL ? sizeof(int) : c->sc_oldlen;
	char buf[256];
	int error = 0;

	if (left > RANDOM_MAX)
		return -E2BIG;
	while (left > 0 && error == 0) {
		size_t n = left < sizeof(buf) ? left : sizeof(buf);

		kern_random(c->sc_k, buf, n);
		error = sysctl_out(c, buf, n);
		left -= n;
	}
	return error;
}

static int
fn_msgbufsize(struct sysctl_call *c)
{
	int32_t n = CONSOLE_HISTORY;
	bool changed;

	return sysctl_int(c, &n, &changed);
}

static int
fn_msgbuf(struct sysctl_call *c)
{
	char buf[512];
	size_t off = 0, n;
	int error = 0;

	while (error == 0 &&
	    (n = console_history(c->sc_k, off, buf, sizeof(buf))) > 0) {
		error = sysctl_out(c, buf, n);
		off += n;
	}
	return error;
}

static int
fn_clockrate(struct sysctl_call *c)
{
	const struct clockinfo ci = {
		.hz = HZ,
		.tick = 1000000 / HZ,
		.tickadj = 40,
		.stathz = 1,
		.profhz = 1,
	};

	if (c->sc_namelen != 0)
		return -ENOTDIR;
	return c->sc_new != NULL ? -EPERM : sysctl_out(c, &ci, sizeof(ci));
}

static int
fn_ticks(struct sysctl_call *c)
{
	int64_t ns = kern_uptime_ns(c->sc_k) - c->sc_k->k_sysctl->ss_start_ns;
	int32_t ticks = (int32_t)(uint32_t)(ns / TICK_NS);
	bool changed;

	return sysctl_int(c, &ticks, &changed);
}

/* How many seconds an unused module stays; there are none. */
static int
fn_autotime(struct sysctl_call *c)
{
	struct sysctl_state *ss = c->sc_k->k_sysctl;
	int32_t v = ss->ss_autotime;
	bool changed;
	int error = sysctl_int(c, &v, &changed);

	if (changed && v < 0)
		return -EINVAL;
	if (changed)
		ss->ss_autotime = v;
	return error;
}

const struct sysctl_def sysctl_base_table[] = {
	{ "kern", CTL_KERN, PERM | NODE, .sd_fn = NULL },
	{ "vm", CTL_VM, PERM | NODE, .sd_fn = NULL },
	{ "vfs", CTL_VFS, PERM | NODE, .sd_fn = NULL },
	{ "net", CTL_NET, PERM | NODE, .sd_fn = NULL },
	{ "debug", CTL_DEBUG, PERM | NODE, .sd_fn = NULL },
	{ "hw", CTL_HW, PERM | NODE, .sd_fn = NULL },
	{ "machdep", CTL_MACHDEP, PERM | NODE, .sd_fn = NULL },
	{ "user", CTL_USER, PERM | NODE, .sd_fn = NULL },
	{ "ddb", CTL_DDB, PERM | NODE, .sd_fn = NULL },
	{ "proc", CTL_PROC, PERM | NODE, .sd_fn = NULL },
	{ "vendor", CTL_VENDOR, PERM | RW | NODE, .sd_fn = NULL },
	{ "emul", CTL_EMUL, PERM | NODE, .sd_fn = NULL },
	{ "security", CTL_SECURITY, PERM | NODE, .sd_fn = NULL },

	{ "hw.firmware", CTL_CREATE, PERM | NODE, .sd_fn = NULL },
	{ "hw.firmware.path", CTL_CREATE, RW | CTLTYPE_STRING, 1025,
	    .sd_fn = fn_firmware_path },
	{ "hw.model", HW_MODEL, PERM | CTLTYPE_STRING,
	    .sd_string = "rumpcore (virtual)" },
	{ "hw.machine", HW_MACHINE, PERM | CTLTYPE_STRING,
	    .sd_string = MACHINE },
	{ "hw.machine_arch", HW_MACHINE_ARCH, PERM | CTLTYPE_STRING,
	    .sd_string = MACHINE_ARCH },
	{ "hw.ncpu", HW_NCPU, PERM | CTLTYPE_INT, .sd_fn = fn_ncpu },
	{ "hw.byteorder", HW_BYTEORDER, PERM | CTLFLAG_IMMEDIATE | CTLTYPE_INT,
	    .sd_value = 1234 },
	{ "hw.physmem", HW_PHYSMEM, PERM | CTLFLAG_IMMEDIATE | CTLTYPE_INT,
	    VAR(ss_physmem) },
	{ "hw.pagesize", HW_PAGESIZE, PERM | CTLFLAG_IMMEDIATE | CTLTYPE_INT,
	    .sd_value = 4096 },
	{ "hw.alignbytes", HW_ALIGNBYTES,
	    PERM | CTLFLAG_IMMEDIATE | CTLTYPE_INT, .sd_value = ALIGNBYTES },
	{ "hw.physmem64", HW_PHYSMEM64, PERM | CTLFLAG_IMMEDIATE | CTLTYPE_QUAD,
	    VAR(ss_physmem64) },
	{ "hw.ncpuonline", HW_NCPUONLINE, PERM | CTLTYPE_INT, .sd_fn = fn_ncpu },

	{ "kern.ostype", KERN_OSTYPE, PERM | CTLTYPE_STRING,
	    .sd_string = "NetBSD" },
	{ "kern.osrelease", KERN_OSRELEASE, PERM | CTLTYPE_STRING,
	    .sd_string = OSRELEASE },
	{ "kern.osrevision", KERN_OSREV, PERM | CTLFLAG_IMMEDIATE | CTLTYPE_INT,
	    .sd_value = 799003400 },
	{ "kern.version", KERN_VERSION, PERM | CTLTYPE_STRING,
	    .sd_string = "NetBSD " OSRELEASE " (RUMP-ROAST)\n" },
	{ "kern.hostname", KERN_HOSTNAME, PERM | RW | CTLTYPE_STRING, 256,
	    .sd_fn = fn_hostname },
	{ "kern.domainname", KERN_DOMAINNAME, PERM | RW | CTLTYPE_STRING, 256,
	    .sd_fn = fn_domainname },
	{ "kern.rawpartition", KERN_RAWPARTITION,
	    PERM | CTLFLAG_IMMEDIATE | CTLTYPE_INT, .sd_value = 3 },

	{ "kern.timecounter", CTL_CREATE, PERM | NODE, .sd_fn = NULL },
	{ "kern.timecounter.choice", CTL_CREATE, PERM | CTLTYPE_STRING,
	    .sd_fn = fn_tc_choice },
	{ "kern.timecounter.hardware", CTL_CREATE, PERM | RW | CTLTYPE_STRING,
	    64, .sd_fn = fn_tc_hardware },
	{ "kern.timecounter.timestepwarnings", CTL_CREATE,
	    PERM | RW | CTLTYPE_INT, VAR(ss_timestepwarnings) },
	{ "kern.evcnt", KERN_EVCNT, PERM | CTLTYPE_STRUCT, .sd_fn = fn_empty },
	{ "kern.pool", CTL_CREATE, PERM | CTLTYPE_STRUCT, .sd_fn = fn_empty },
	{ "kern.pipe", KERN_PIPE, PERM | NODE, .sd_fn = NULL },
	{ "kern.pipe.maxkvasz", PIPE_MAXKVASZ, PERM | RW | CTLTYPE_INT,
	    VAR(ss_maxkvasz) },
	{ "kern.pipe.maxloankvasz", PIPE_LIMITKVA, PERM | RW | CTLTYPE_INT,
	    VAR(ss_maxloankvasz) },
	{ "kern.pipe.maxbigpipes", PIPE_MAXBIGPIPES, PERM | RW | CTLTYPE_INT,
	    VAR(ss_maxbigpipes) },
	{ "kern.pipe.nbigpipes", PIPE_NBIGPIPES, PERM | CTLTYPE_INT,
	    .sd_fn = fn_nbigpipes },
	{ "kern.pipe.kvasize", PIPE_KVASIZE, PERM | CTLTYPE_INT,
	    .sd_fn = fn_nbigpipes },
	{ "kern.direct_select", CTL_CREATE, PERM | RW | CTLTYPE_INT,
	    VAR(ss_direct_select) },
	{ "kern.urandom", KERN_URND, CTLTYPE_INT, .sd_fn = fn_urandom },
	{ "kern.arandom", KERN_ARND, CTLTYPE_INT, .sd_fn = fn_arandom },
	{ "kern.uidinfo", CTL_CREATE, NODE, .sd_fn = NULL },
	{ "kern.uidinfo.proccnt", CTL_CREATE, CTLTYPE_QUAD,
	    .sd_fn = sysctl_uidinfo },
	{ "kern.uidinfo.lwpcnt", CTL_CREATE, CTLTYPE_QUAD,
	    .sd_fn = sysctl_uidinfo },
	{ "kern.uidinfo.lockcnt", CTL_CREATE, CTLTYPE_QUAD,
	    .sd_fn = sysctl_uidinfo },
	{ "kern.uidinfo.sbsize", CTL_CREATE, CTLTYPE_QUAD,
	    .sd_fn = sysctl_uidinfo },
	{ "kern.msgbufsize", KERN_MSGBUFSIZE, PERM | CTLTYPE_INT,
	    .sd_fn = fn_msgbufsize },
	{ "kern.msgbuf", KERN_MSGBUF, PERM | CTLTYPE_INT, .sd_fn = fn_msgbuf },
	{ "kern.clockrate", KERN_CLOCKRATE, CTLTYPE_STRUCT,
	    sizeof(struct clockinfo), .sd_fn = fn_clockrate },
	{ "kern.hardclock_ticks", KERN_HARDCLOCK_TICKS, CTLTYPE_INT,
	    .sd_fn = fn_ticks },
	{ "hw.disknames", HW_DISKNAMES, PERM | CTLTYPE_STRING,
	    .sd_fn = disk_sysctl_names },
	{ "hw.iostatnames", HW_IOSTATNAMES, PERM | CTLTYPE_STRING,
	    .sd_fn = disk_sysctl_names },
	{ "hw.iostats", HW_IOSTATS, PERM | CTLTYPE_STRUCT,
	    .sd_fn = disk_sysctl_stats },
	{ "kern.file", KERN_FILE, CTLTYPE_STRUCT, .sd_fn = sysctl_file },
	{ "kern.file2", KERN_FILE2, CTLTYPE_STRUCT, .sd_fn = sysctl_file2 },
	{ "kern.module", CTL_CREATE, NODE, .sd_fn = NULL },
	{ "kern.module.autoload", CTL_CREATE, RW | CTLTYPE_BOOL,
	    VAR(ss_autoload) },
	{ "kern.module.verbose", CTL_CREATE, RW | CTLTYPE_BOOL,
	    VAR(ss_modverbose) },
	{ "kern.module.path", CTL_CREATE, CTLTYPE_STRING,
	    .sd_string = "/stand/" MACHINE "/" OSRELEASE "/modules" },
	{ "kern.module.autotime", CTL_CREATE, RW | CTLTYPE_INT,
	    .sd_fn = fn_autotime },
	{ .sd_path = NULL },
};

/* What is there when all components are. */
const struct sysctl_def sysctl_module_table[] = {
	{ "kern.posix", CTL_CREATE, NODE, .sd_fn = NULL },
	{ "kern.posix.semmax", CTL_CREATE, RW | CTLTYPE_INT, VAR(ss_semmax) },
	{ "kern.posix.semcnt", CTL_CREATE, CTLTYPE_INT, VAR(ss_semcnt) },
	{ "security.models", CTL_CREATE, NODE, .sd_fn = NULL },
	{ "security.models.suser", CTL_CREATE, NODE, .sd_fn = NULL },
	{ "security.models.suser.name", CTL_CREATE, CTLTYPE_STRING,
	    .sd_string = "Traditional NetBSD: Superuser" },
	{ .sd_path = NULL },
};

int
sysctl_init(struct rump_kernel *k)
{
	struct sysctl_state *ss = kmem_zalloc(k, sizeof(*ss));
	int64_t mem = k->k_config.kc_memlimit != 0 &&
		k->k_config.kc_memlimit < INT64_MAX ?
	    (int64_t)k->k_config.kc_memlimit :
	    PHYSMEM;
	int error;

	if (ss == NULL)
		return -ENOMEM;
	k->k_sysctl = ss;
	ss->ss_lastnum = CREATE_BASE;
	ss->ss_start_ns = kern_uptime_ns(k);
	ss->ss_physmem64 = mem;
	ss->ss_physmem = mem > INT32_MAX ? INT32_MAX : (int32_t)mem;
	ss->ss_maxkvasz = 8 << 20;
	ss->ss_maxloankvasz = 16 << 20;
	ss->ss_maxbigpipes = 32;
	ss->ss_autotime = 10;
	ss->ss_semmax = 128;
	snprintf(ss->ss_firmware_path, sizeof(ss->ss_firmware_path),
	    "/libdata/firmware:/usr/libdata/firmware:"
	    "/usr/pkg/libdata/firmware:/usr/pkg/libdata");
	/* What processes may lock follows from the memory, too. */
	k->k_proc0->p_rlimit[RLIMIT_MEMLOCK].cur = (uint64_t)mem / 3;
	k->k_proc0->p_rlimit[RLIMIT_MEMLOCK].max = (uint64_t)mem;
	error = sysctl_attach(k, sysctl_base_table, ss);
	if (error == 0)
		error = sysctl_attach(k, sysctl_proc_table, ss);
	return error;
}

int
sysctl_start(struct rump_kernel *k)
{
	int error = 0;

	if (k->k_vfs != NULL && kern_have(k, "librumpfs_ffs"))
		error = sysctl_attach_ffs(k);
	return error != 0 ? error :
			    sysctl_attach(k, sysctl_module_table, k->k_sysctl);
}
