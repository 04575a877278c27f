/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of components, in the order in which they come to life, and who
 * of them is in a kernel. A new component adds its row.
 */
#include "dev/disk.h"
#include "dev/pci.h"
#include "dev/rnd.h"
#include "kern/components.h"
#include "net/net.h"
#include "net/socketvar.h"
#include "netinet/inet.h"
#include "netinet6/inet6.h"

/* What every kernel has. */
static const struct component base = {
	.c_library = "librump",
	.c_faction = FACTION_KERN,
};

static const struct component sysproxy = {
	.c_library = "librumpkern_sysproxy",
	.c_faction = FACTION_KERN,
};

extern const struct vfsops tmpfs_vfsops;
static const struct component tmpfs = {
	.c_library = "librumpfs_tmpfs",
	.c_faction = FACTION_VFS,
	.c_modules = "tmpfs",
	.c_vfsops = &tmpfs_vfsops,
};

/* Fifos and disks are the base's own here: the names are there to be asked for. */
static const struct component fifofs = {
	.c_library = "librumpvfs_fifofs",
	.c_faction = FACTION_VFS,
};

static const struct component dev = {
	.c_library = "librumpdev",
	.c_faction = FACTION_DEV,
};

extern const struct devsw dev_dk;
static const struct devsw *const disk_devsw[] = { &dev_dk, NULL };
static const struct component disk = {
	.c_library = "librumpdev_disk",
	.c_faction = FACTION_DEV,
	.c_modules = "dk_subr",
	.c_devsw = disk_devsw,
	.c_attach = disk_attach,
	.c_detach = disk_detach,
};

extern const struct devsw dev_cgd;
static const struct devsw *const cgd_devsw[] = { &dev_cgd, NULL };
static const struct component cgd = {
	.c_library = "librumpdev_cgd",
	.c_faction = FACTION_DEV,
	.c_needs = "librumpdev_disk",
	.c_modules = "cgd",
	.c_devsw = cgd_devsw,
};

extern const struct devsw dev_vnd;
static const struct devsw *const vnd_devsw[] = { &dev_vnd, NULL };
static const struct component vnd = {
	.c_library = "librumpdev_vnd",
	.c_faction = FACTION_DEV,
	.c_needs = "librumpdev_disk",
	.c_modules = "vnd",
	.c_devsw = vnd_devsw,
};

extern const struct devsw dev_raid;
static const struct devsw *const raid_devsw[] = { &dev_raid, NULL };
static const struct component raid = {
	.c_library = "librumpdev_raidframe",
	.c_faction = FACTION_DEV,
	.c_needs = "librumpdev_disk",
	.c_modules = "raid",
	.c_devsw = raid_devsw,
};

/* cgd's ciphers are its own here. */
static const struct component crypto = {
	.c_library = "librumpkern_crypto",
	.c_faction = FACTION_KERN,
	.c_modules = "blowfish,camellia,cast128,des,skipjack",
};

extern const struct vfsops ffs_vfsops;
static const struct component ffs = {
	.c_library = "librumpfs_ffs",
	.c_faction = FACTION_VFS,
	.c_modules = "ffs",
	.c_vfsops = &ffs_vfsops,
};

extern const struct vfsops hostfs_vfsops;
static const struct component hostfs = {
	.c_library = "librumpfs_hostfs",
	.c_faction = FACTION_VFS,
	.c_vfsops = &hostfs_vfsops,
};

/*
 * Names that servers are started with beside FFS. These file systems are not
 * here: a mount of one gives ENODEV.
 */
static const struct component ext2fs = {
	.c_library = "librumpfs_ext2fs",
	.c_faction = FACTION_VFS,
};

static const struct component msdosfs = {
	.c_library = "librumpfs_msdos",
	.c_faction = FACTION_VFS,
};

/* --- the network --- */

static const struct component net = {
	.c_library = "librumpnet",
	.c_faction = FACTION_NET,
	.c_attach = net_attach,
	.c_detach = net_detach,
};

static const struct component net_net = {
	.c_library = "librumpnet_net",
	.c_faction = FACTION_NET,
	.c_needs = "librumpnet",
	.c_attach = net_net_attach,
	.c_detach = net_net_detach,
};

/* A row of the network without modules and devices. Interfaces go before any row is detached, so that most drivers have nothing left to do. */
#define NET_COMPONENT(var, library, needs, attach, detach) \
	static const struct component var = {              \
		.c_library = (library),                    \
		.c_faction = FACTION_NET,                  \
		.c_attach = (attach),                      \
		.c_detach = (detach),                      \
		.c_needs = (needs),                        \
	}
NET_COMPONENT(
    net_local, "librumpnet_local", "librumpnet", local_attach, local_detach);
NET_COMPONENT(
    net_netinet, "librumpnet_netinet", "librumpnet_net", inet_boot, inet_fini);
NET_COMPONENT(net_netinet6, "librumpnet_netinet6", "librumpnet_netinet",
    inet6_boot, inet6_fini);
NET_COMPONENT(
    net_shmif, "librumpnet_shmif", "librumpnet_net", shmif_attach, NULL);
static const struct component net_virtif = {
	.c_library = "librumpnet_virtif",
	.c_faction = FACTION_NET,
	.c_needs = "librumpnet_net",
	.c_modules = "x",
	.c_attach = virt_attach,
};
/* The wire between kernels of one process is ours alone. */
NET_COMPONENT(net_wire, "librumpnet_wire", "librumpnet_net", NULL, NULL);
NET_COMPONENT(net_bridge, "librumpnet_bridge", "librumpnet_net", bridge_attach,
    bridge_detach);
NET_COMPONENT(
    net_gif, "librumpnet_gif", "librumpnet_net", gif_attach, gif_detach);
extern const struct devsw dev_tap, dev_tun;
static const struct devsw *const tap_devsw[] = { &dev_tap, NULL };
static const struct component net_tap = {
	.c_library = "librumpnet_tap",
	.c_faction = FACTION_NET,
	.c_needs = "librumpnet_net",
	.c_attach = tap_attach,
	.c_detach = tap_detach,
	.c_devsw = tap_devsw,
};

static const struct devsw *const tun_devsw[] = { &dev_tun, NULL };
static const struct component net_tun = {
	.c_library = "librumpnet_tun",
	.c_faction = FACTION_NET,
	.c_needs = "librumpnet_net",
	.c_attach = tun_attach,
	.c_detach = tun_detach,
	.c_devsw = tun_devsw,
};
NET_COMPONENT(
    net_vlan, "librumpnet_vlan", "librumpnet_net", vlan_attach, vlan_detach);
extern const struct devsw dev_bpf;
static const struct devsw *const bpf_devsw[] = { &dev_bpf, NULL };
static const struct component net_bpf = {
	.c_library = "librumpdev_bpf",
	.c_faction = FACTION_DEV,
	.c_needs = "librumpnet_net",
	.c_modules = "bpf,bpf_filter",
	.c_attach = bpf_attach,
	.c_detach = bpf_detach,
	.c_devsw = bpf_devsw,
};

extern const struct devsw dev_npf;
static const struct devsw *const npf_devsw[] = { &dev_npf, NULL };
static const struct component net_npf = {
	.c_library = "librumpnet_npf",
	.c_faction = FACTION_NET,
	.c_needs = "librumpnet_net",
	.c_modules = "npf,if_npflog,npf_alg_icmp",
	.c_attach = npf_attach,
	.c_detach = npf_detach,
	.c_devsw = npf_devsw,
};

/* Filter programs are interpreted, fast; its switch is bpf's. */
static const struct component net_bpfjit = {
	.c_library = "librumpnet_bpfjit",
	.c_faction = FACTION_NET,
	.c_needs = "librumpdev_bpf",
	.c_modules = "bpfjit",
};

extern const struct devsw dev_rnd, dev_rnd_npf;
static const struct devsw *const rnd_devsw[] = { &dev_rnd, &dev_rnd_npf, NULL };
static const struct component rnd = {
	.c_library = "librumpdev_rnd",
	.c_faction = FACTION_DEV,
	.c_attach = rnd_attach,
	.c_detach = rnd_detach,
	.c_devsw = rnd_devsw,
};

extern const struct devsw dev_pci;
static const struct devsw *const pci_devsw[] = { &dev_pci, NULL };
static const struct component pci = {
	.c_library = "librumpdev_pci",
	.c_faction = FACTION_DEV,
	.c_needs = "librumpvfs",
	.c_modules = "pci",
	.c_attach = pci_attach,
	.c_detach = pci_detach,
	.c_devsw = pci_devsw,
};

const struct component *const kern_components[] = {
	&base,
	&sysproxy,
	&component_vfs,
	&fifofs,
	&dev,
	&disk,
	&crypto,
	&cgd,
	&raid,
	&vnd,
	&ffs,
	&tmpfs,
	&hostfs,
	&ext2fs,
	&msdosfs,
	&net,
	&net_net,
	&net_local,
	&net_bpf,
	&net_netinet,
	&net_netinet6,
	&net_shmif,
	&net_virtif,
	&net_wire,
	&net_bridge,
	&net_gif,
	&net_tap,
	&net_tun,
	&net_vlan,
	&net_bpfjit,
	&net_npf,
	&rnd,
	&pci,
	NULL,
};

static const char *
short_name(const char *name)
{
	if (strncmp(name, "lib", 3) == 0)
		name += 3;
	if (strncmp(name, "rump", 4) == 0)
		name += 4;
	return name;
}

int
component_find(const char *name)
{
	name = short_name(name);
	for (int i = 0; kern_components[i] != NULL; i++)
		if (strcmp(short_name(kern_components[i]->c_library), name) == 0)
			return i;
	return -1;
}

bool
kern_have(struct rump_kernel *k, const char *component)
{
	int i = component_find(component);

	return i >= 0 && k->k_have[i];
}

static const char *
faction_name(const struct component *c)
{
	switch (c->c_faction) {
	case FACTION_VFS:
		return "vfs";
	case FACTION_NET:
		return "net";
	case FACTION_DEV:
		return "dev";
	default:
		return NULL;
	}
}

int
components_select(struct rump_kernel *k)
{
	const char *const *names = k->k_config.kc_components;
	int max = (int)(sizeof(k->k_have) / sizeof(k->k_have[0]));

	for (int i = 0; kern_components[i] != NULL && i < max; i++)
		k->k_have[i] = names == NULL || kern_components[i] == &base;
	for (int n = 0; names != NULL && names[n] != NULL; n++) {
		int i = component_find(names[n]);

		if (i < 0 || i >= max)
			return -ENOENT;
		k->k_have[i] = true;
	}
	for (int i = 0; kern_components[i] != NULL && i < max; i++) {
		const char *faction = faction_name(kern_components[i]);

		const char *needs = kern_components[i]->c_needs;

		if (faction != NULL && component_find(faction) >= 0 &&
		    !kern_have(k, faction))
			k->k_have[i] = false;
		if (needs != NULL && !kern_have(k, needs))
			k->k_have[i] = false;
	}
	return 0;
}

int
components_attach(struct rump_kernel *k, int *attached)
{
	int error;

	for (int i = 0; kern_components[i] != NULL; i++) {
		const struct component *c = kern_components[i];

		if (k->k_have[i] && c->c_attach != NULL) {
			if ((error = c->c_attach(k)) != 0)
				return error;
		}
		*attached = i + 1;
	}
	return 0;
}

void
components_detach(struct rump_kernel *k, int attached)
{
	for (int i = attached - 1; i >= 0; i--)
		if (k->k_have[i] && kern_components[i]->c_detach != NULL)
			kern_components[i]->c_detach(k);
}
