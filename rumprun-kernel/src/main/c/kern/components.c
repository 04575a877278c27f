/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of components, in the order in which they come to life, and who
 * of them is in a kernel. A new component adds its row.
 */
#include "kern/components.h"

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

static const struct component disk = {
	.c_library = "librumpdev_disk",
	.c_faction = FACTION_DEV,
	.c_modules = "dk_subr",
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

const struct component *const kern_components[] = {
	&base,
	&sysproxy,
	&component_vfs,
	&fifofs,
	&dev,
	&disk,
	&ffs,
	&tmpfs,
	&hostfs,
	&ext2fs,
	&msdosfs,
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

		if (faction != NULL && component_find(faction) >= 0 &&
		    !kern_have(k, faction))
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
