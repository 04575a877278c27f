/* SPDX-License-Identifier: BSD-2-Clause */
/* Keys: registering, removing and finding host files by their place in the root file system. */
#include <netbsd/stat.h>
#include <stdio.h>
#include "dev/etfs_private.h"

int
etfs_attach(struct rump_kernel *k)
{
	struct etfs_state *es = kmem_zalloc(k, sizeof(*es));

	if (es == NULL)
		return -ENOMEM;
	es->es_k = k;
	es->es_nextino = ETFS_FIRSTINO;
	es->es_secshift = k->k_config.kc_sectshift;
	if (es->es_secshift < ETFS_SECSHIFT || es->es_secshift > 16)
		es->es_secshift = ETFS_SECSHIFT;
	es->es_blkseed = k->k_config.kc_blkfail_seed;
	k->k_etfs = es;
	return 0;
}

void
etfs_detach(struct rump_kernel *k)
{
	struct etfs_state *es = k->k_etfs;
	struct etfs_node *n;

	if (es == NULL)
		return;
	while ((n = es->es_nodes) != NULL) {
		es->es_nodes = n->en_next;
		n->en_refs = 1;
		etfs_node_put(es, n);
	}
	for (int i = 0; i < ETFS_NSLOTS; i++) {
		if (es->es_slots[i] == NULL)
			continue;
		es->es_slots[i]->sl_refs = 1; /* still open somewhere */
		etfs_slot_put(es, i);
	}
	k->k_etfs = NULL;
	kmem_free(k, es, sizeof(*es));
}

int
etfs_block_key(struct rump_kernel *k, unsigned n, char *buf, size_t size)
{
	struct etfs_state *es = k->k_etfs;
	int error = -ENOENT;

	if (es == NULL)
		return error;
	kmutex_enter(&es->es_lock);
	for (struct etfs_node *en = es->es_nodes; en != NULL; en = en->en_next) {
		if (en->en_type != ETFS_BLK || en->en_child || n-- > 0)
			continue;
		error = snprintf(buf, size, "/%s", en->en_key) < (int)size ?
		    0 :
		    -ENAMETOOLONG;
		break;
	}
	kmutex_exit(&es->es_lock);
	return error;
}

void
etfs_why(struct rump_kernel *k, char *buf, size_t size)
{
	struct etfs_state *es = k->k_etfs;

	if (size == 0)
		return;
	buf[0] = '\0';
	if (es == NULL)
		return;
	kmutex_enter(&es->es_lock);
	snprintf(buf, size, "%s", es->es_why);
	kmutex_exit(&es->es_lock);
}

void
etfs_node_put(struct etfs_state *es, struct etfs_node *n)
{
	if (--n->en_refs > 0)
		return;
	if (n->en_slot >= 0)
		etfs_slot_put(es, n->en_slot);
	if (n->en_image != NULL)
		etfs_image_put(es, n->en_image);
	if (n->en_hostpath != NULL)
		kmem_free(es->es_k, n->en_hostpath, strlen(n->en_hostpath) + 1);
	if (n->en_key != NULL)
		kmem_free(es->es_k, n->en_key, n->en_keylen + 1);
	kmem_free(es->es_k, n, sizeof(*n));
}

static bool
is_dir(int type)
{
	return type == ETFS_DIR || type == ETFS_DIR_SUBDIRS;
}

/* Equal keys clash; with a directory among the two, so does a longer one behind the same text. */
static bool
clashes(const struct etfs_node *old, const char *key, int type)
{
	if (old->en_child)
		return false;
	if (strcmp(old->en_key, key) == 0)
		return true;
	return (is_dir(old->en_type) || is_dir(type)) &&
	    strncmp(old->en_key, key, old->en_keylen) == 0;
}

/* A node with its texts and times, on no list. */
static int
node_create(struct etfs_state *es, const char *key, const char *hostpath,
    int type, struct etfs_node **np)
{
	struct etfs_node *n = kmem_zalloc(es->es_k, sizeof(*n));

	*np = NULL;
	if (n == NULL)
		return -ENOMEM;
	n->en_refs = 1;
	n->en_slot = -1;
	n->en_type = type;
	n->en_mode = 0755;
	n->en_ino = es->es_nextino++;
	kern_nanotime(es->es_k, &n->en_birthtim);
	n->en_atim = n->en_mtim = n->en_ctim = n->en_birthtim;
	n->en_keylen = strlen(key);
	n->en_key = kmem_strdup(es->es_k, key);
	n->en_hostpath = kmem_strdup(es->es_k, hostpath);
	if (n->en_key == NULL || n->en_hostpath == NULL) {
		etfs_node_put(es, n);
		return -ENOMEM;
	}
	*np = n;
	return 0;
}

static void
node_link(struct etfs_state *es, struct etfs_node *n)
{
	n->en_next = es->es_nodes;
	es->es_nodes = n;
	atomic_store(&es->es_any, true);
}

/* What the type demands of the host file, and the size that will be shown. */
static int
bind_reg(
    struct etfs_state *es, struct etfs_node *n, uint64_t begin, uint64_t size)
{
	struct host_stat hs;
	int error;

	error = es->es_k->k_host->stat(n->en_hostpath, true, &hs);
	if (error < 0)
		return error;
	if (S_ISREG(hs.hs_mode)) {
		if (begin > hs.hs_size ||
		    (size != ETFS_SIZE_TOEND && size > hs.hs_size - begin))
			return -EINVAL;
	} else if (S_ISDIR(hs.hs_mode)) {
		return -EISDIR;
	}
	n->en_begin = begin;
	n->en_size = size != ETFS_SIZE_TOEND ? size :
	    S_ISREG(hs.hs_mode)		     ? hs.hs_size - begin :
					       0;
	return etfs_image_get(es, n->en_hostpath, &n->en_image);
}

static int
bind_dir(
    struct etfs_state *es, struct etfs_node *n, uint64_t begin, uint64_t size)
{
	struct host_stat hs;
	int error;

	error = es->es_k->k_host->stat(n->en_hostpath, true, &hs);
	if (error < 0)
		return error;
	if (!S_ISDIR(hs.hs_mode))
		return -ENOTDIR;
	return begin != 0 || size != ETFS_SIZE_TOEND ? -EISDIR : 0;
}

static int
bind_node(
    struct etfs_state *es, struct etfs_node *n, uint64_t begin, uint64_t size)
{
	switch (n->en_type) {
	case ETFS_REG:
		return bind_reg(es, n, begin, size);
	case ETFS_BLK:
	case ETFS_CHR:
		return etfs_slot_get(
		    es, n->en_hostpath, begin, size, &n->en_slot);
	default:
		return bind_dir(es, n, begin, size);
	}
}

int
etfs_register(struct rump_kernel *k, const char *key, const char *hostpath,
    int type, uint64_t begin, uint64_t size)
{
	struct etfs_state *es = k->k_etfs;
	struct etfs_node *n;
	int error = 0;

	if (es == NULL)
		return -ENOSYS;
	if (key == NULL || hostpath == NULL || key[0] != '/' ||
	    type < ETFS_REG || type > ETFS_DIR_SUBDIRS)
		return -EINVAL;
	while (*key == '/')
		key++;
	kmutex_enter(&es->es_lock);
	es->es_why[0] = '\0';
	for (n = es->es_nodes; n != NULL && error == 0; n = n->en_next) {
		if (clashes(n, key, type))
			error = -EEXIST;
	}
	if (error == 0)
		error = node_create(es, key, hostpath, type, &n);
	if (error == 0) {
		error = bind_node(es, n, begin, size);
		if (error == 0)
			node_link(es, n);
		else
			etfs_node_put(es, n);
	}
	kmutex_exit(&es->es_lock);
	return error;
}

static void
unlink_node(struct etfs_state *es, struct etfs_node **p)
{
	struct etfs_node *n = *p;

	*p = n->en_next;
	etfs_node_put(es, n);
}

void
etfs_node_reclaim(struct etfs_state *es, struct etfs_node *n)
{
	struct etfs_node **p;

	if (n->en_child && n->en_refs == 2) {
		for (p = &es->es_nodes; *p != NULL && *p != n;
		     p = &(*p)->en_next)
			continue;
		if (*p != NULL)
			unlink_node(es, p);
	}
	etfs_node_put(es, n);
}

int
etfs_remove(struct rump_kernel *k, const char *key)
{
	struct etfs_state *es = k->k_etfs;
	struct etfs_node **p;
	bool found = false;
	size_t len;

	if (es == NULL)
		return -ENOSYS;
	if (key == NULL || key[0] != '/')
		return -EINVAL;
	while (*key == '/')
		key++;
	len = strlen(key);
	kmutex_enter(&es->es_lock);
	for (p = &es->es_nodes; *p != NULL;) {
		if ((*p)->en_child ? strncmp((*p)->en_key, key, len) == 0 &&
			    (*p)->en_key[len] == '/' :
				     strcmp((*p)->en_key, key) == 0) {
			found |= !(*p)->en_child;
			unlink_node(es, p);
		} else {
			p = &(*p)->en_next;
		}
	}
	kmutex_exit(&es->es_lock);
	return found ? 0 : -ENOENT;
}

/* A path below a directory key that cannot climb out of it. */
static bool
safe_below(const char *sub)
{
	const char *p = sub, *end;

	for (;;) {
		end = strchr(p, '/');
		if (end == NULL)
			end = p + strlen(p);
		if (end == p || (end - p == 1 && p[0] == '.') ||
		    (end - p == 2 && p[0] == '.' && p[1] == '.'))
			return false;
		if (*end == '\0')
			return true;
		p = end + 1;
	}
}

/* es_lock held. */
static struct etfs_node *
find_child(struct etfs_state *es, const char *key)
{
	struct etfs_node *n;

	for (n = es->es_nodes; n != NULL; n = n->en_next) {
		if (n->en_child && strcmp(n->en_key, key) == 0)
			return n;
	}
	return NULL;
}

static int
make_child(struct etfs_state *es, struct etfs_node *dir, const char *key,
    const char *sub, struct etfs_node **np)
{
	size_t len = strlen(dir->en_hostpath) + 1 + strlen(sub) + 1;
	char *path = kmem_alloc(es->es_k, len);
	struct host_stat hs;
	int error, type = ETFS_REG;

	if (path == NULL)
		return -ENOMEM;
	snprintf(path, len, "%s/%s", dir->en_hostpath, sub);
	error = es->es_k->k_host->stat(path, true, &hs);
	if (error == 0 && S_ISDIR(hs.hs_mode)) {
		type = ETFS_DIR_SUBDIRS;
		if (dir->en_type == ETFS_DIR)
			error = -ENOENT;
	} else if (error == 0 && !S_ISREG(hs.hs_mode)) {
		error = -ENOENT;
	}
	if (error == 0)
		error = node_create(es, key, path, type, np);
	kmem_free(es->es_k, path, len);
	if (error != 0)
		return error < 0 ? error : -ENOENT;
	(*np)->en_child = true;
	error = bind_node(es, *np, 0, ETFS_SIZE_TOEND);
	if (error != 0) {
		etfs_node_put(es, *np);
		*np = NULL;
		return error;
	}
	node_link(es, *np);
	return 0;
}

int
etfs_child(struct etfs_state *es, struct etfs_node *dir, const char *sub,
    struct etfs_node **np)
{
	size_t len = dir->en_keylen + 1 + strlen(sub) + 1;
	char *key;
	int error = 0;

	*np = NULL;
	if (!safe_below(sub) ||
	    (dir->en_type == ETFS_DIR && strchr(sub, '/') != NULL))
		return -ENOENT;
	key = kmem_alloc(es->es_k, len);
	if (key == NULL)
		return -ENOMEM;
	snprintf(key, len, "%s/%s", dir->en_key, sub);
	kmutex_enter(&es->es_lock);
	*np = find_child(es, key);
	if (*np == NULL)
		error = make_child(es, dir, key, sub, np);
	if (error == 0)
		(*np)->en_refs++;
	kmutex_exit(&es->es_lock);
	kmem_free(es->es_k, key, len);
	return error;
}

int
etfs_lookup(struct lwp *l, const char *rest, struct vnode **vpp)
{
	struct etfs_state *es = l->l_k->k_etfs;
	struct etfs_node *n, *dir = NULL, *found = NULL;
	int error = 0;

	*vpp = NULL;
	if (es == NULL ||
	    !atomic_load_explicit(&es->es_any, memory_order_relaxed))
		return -ENOENT;
	kmutex_enter(&es->es_lock);
	for (n = es->es_nodes; n != NULL && found == NULL; n = n->en_next) {
		if (strcmp(n->en_key, rest) == 0)
			found = n;
		else if (is_dir(n->en_type) && !n->en_child &&
		    strncmp(n->en_key, rest, n->en_keylen) == 0 &&
		    rest[n->en_keylen] == '/')
			dir = n;
	}
	if (found != NULL)
		found->en_refs++;
	else if (dir != NULL)
		dir->en_refs++;
	kmutex_exit(&es->es_lock);
	if (found == NULL && dir != NULL) {
		error = etfs_child(es, dir, rest + dir->en_keylen + 1, &found);
		kmutex_enter(&es->es_lock);
		etfs_node_put(es, dir);
		kmutex_exit(&es->es_lock);
	}
	if (error != 0 || found == NULL)
		return error != 0 ? error : -ENOENT;
	error = etfs_vnode(l, found, vpp);
	kmutex_enter(&es->es_lock);
	etfs_node_put(es, found);
	kmutex_exit(&es->es_lock);
	return error;
}
