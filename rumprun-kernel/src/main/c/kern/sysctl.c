/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sysctl: the tree, and the call.
 *
 * Nodes are added while a kernel boots and components attach, and stay until it goes. So a node that was found remains
 * valid without the tree's lock, which is held only while names are looked up or children are listed into the
 * kernel's memory; never while user memory is touched or a node's function runs.
 *
 * The order in which user memory is touched is visible to remote clients: the old length, the name, for a query the
 * version word and then the node, the old value, the new value, the old length again (also after an error).
 */
#include <netbsd/syscallargs.h>
#include "kern/ktrace.h"
#include "kern/syscalls.h"
#include "kern/sysctl_state.h"

#define DESC_SIZE 16 /* of a description that is empty */

/* --- the tree --- */

static uint32_t
type_of(const struct sysctl_node *n)
{
	return n->n_def == NULL ? CTLTYPE_NODE :
				  n->n_def->sd_flags & SYSCTL_TYPEMASK;
}

static const char *
last_part(const char *path)
{
	const char *dot = strrchr(path, '.');

	return dot == NULL ? path : dot + 1;
}

static struct sysctl_node *
child_named(const struct sysctl_node *n, const char *name, size_t len)
{
	for (uint32_t i = 0; i < n->n_nchild; i++) {
		const char *is = last_part(n->n_child[i]->n_def->sd_path);

		if (strlen(is) == len && memcmp(is, name, len) == 0)
			return n->n_child[i];
	}
	return NULL;
}

/* The place of a number among the children, or where it would be. */
static uint32_t
child_place(const struct sysctl_node *n, int num)
{
	uint32_t low = 0, high = n->n_nchild;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (n->n_child[mid]->n_num < num)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static struct sysctl_node *
child_numbered(const struct sysctl_node *n, int num)
{
	uint32_t i = child_place(n, num);

	if (i < n->n_nchild && n->n_child[i]->n_num == num)
		return n->n_child[i];
	if (n->n_nchild == 1 &&
	    n->n_child[0]->n_def->sd_flags & CTLFLAG_ANYNUMBER)
		return n->n_child[0];
	return NULL;
}

/* The parent of a path, NULL if that isn't there. */
static struct sysctl_node *
parent_of(struct sysctl_state *ss, const char *path)
{
	struct sysctl_node *n = &ss->ss_root;
	const char *dot;

	for (; n != NULL && (dot = strchr(path, '.')) != NULL; path = dot + 1)
		n = child_named(n, path, (size_t)(dot - path));
	return n;
}

static int
add_child(
    struct rump_kernel *k, struct sysctl_node *parent, struct sysctl_node *n)
{
	uint32_t place = child_place(parent, n->n_num);

	if (parent->n_nchild == parent->n_room) {
		uint32_t room = parent->n_room == 0 ? SYSCTL_DEFSIZE :
						      parent->n_room * 2;
		struct sysctl_node **child;

		if (n->n_def->sd_flags & CTLFLAG_ANYNUMBER)
			room = 1;
		child = kmem_calloc(k, room, sizeof(struct sysctl_node *));
		if (child == NULL)
			return -ENOMEM;
		if (parent->n_child != NULL) {
			memcpy(child, parent->n_child,
			    parent->n_room * sizeof(struct sysctl_node *));
			kmem_free(k, parent->n_child,
			    parent->n_room * sizeof(struct sysctl_node *));
		}
		parent->n_child = child;
		parent->n_room = room;
	}
	memmove(&parent->n_child[place + 1], &parent->n_child[place],
	    (parent->n_nchild - place) * sizeof(struct sysctl_node *));
	parent->n_child[place] = n;
	parent->n_nchild++;
	n->n_parent = parent;
	return 0;
}

/* One row. A new node gives its version to all above it. */
static int
add_row(struct rump_kernel *k, struct sysctl_state *ss,
    const struct sysctl_def *def, void *ctx, struct sysctl_node *n)
{
	struct sysctl_node *parent = parent_of(ss, def->sd_path);
	const char *name = last_part(def->sd_path);
	int error;

	if (parent == NULL || type_of(parent) != CTLTYPE_NODE ||
	    strlen(name) >= SYSCTL_NAMELEN)
		return -EINVAL;
	if (child_named(parent, name, strlen(name)) != NULL)
		return (def->sd_flags & SYSCTL_TYPEMASK) == CTLTYPE_NODE ?
		    0 :
		    -EEXIST;
	n->n_def = def;
	n->n_ctx = ctx;
	n->n_num = def->sd_num == CTL_CREATE ? ++ss->ss_lastnum : def->sd_num;
	if (def->sd_num != CTL_CREATE && n->n_num >= 0 &&
	    child_place(parent, n->n_num) < parent->n_nchild &&
	    parent->n_child[child_place(parent, n->n_num)]->n_num == n->n_num)
		return -EEXIST;
	error = add_child(k, parent, n);
	if (error != 0)
		return error;
	n->n_ver = ++ss->ss_ver;
	for (; parent != NULL; parent = parent->n_parent)
		parent->n_ver = n->n_ver;
	return 0;
}

int
sysctl_attach(struct rump_kernel *k, const struct sysctl_def *table, void *ctx)
{
	struct sysctl_state *ss = k->k_sysctl;
	struct sysctl_arena *arena;
	size_t n = 0, size;
	int error = 0;

	if (ss == NULL)
		return 0;
	while (table[n].sd_path != NULL)
		n++;
	size = sizeof(*arena) + n * sizeof(arena->a_node[0]);
	arena = kmem_zalloc(k, size);
	if (arena == NULL)
		return -ENOMEM;
	arena->a_size = size;
	krwlock_wrlock(&ss->ss_lock);
	arena->a_next = ss->ss_arenas;
	ss->ss_arenas = arena;
	for (size_t i = 0; i < n && error == 0; i++)
		error = add_row(k, ss, &table[i], ctx, &arena->a_node[i]);
	krwlock_unlock(&ss->ss_lock);
	return error;
}

static void
free_children(struct rump_kernel *k, struct sysctl_node *n)
{
	if (n->n_child != NULL)
		kmem_free(
		    k, n->n_child, n->n_room * sizeof(struct sysctl_node *));
}

void
sysctl_fini(struct rump_kernel *k)
{
	struct sysctl_state *ss = k->k_sysctl;
	struct sysctl_arena *arena;

	if (ss == NULL)
		return;
	while ((arena = ss->ss_arenas) != NULL) {
		size_t n = (arena->a_size - sizeof(*arena)) /
		    sizeof(arena->a_node[0]);

		ss->ss_arenas = arena->a_next;
		for (size_t i = 0; i < n; i++)
			free_children(k, &arena->a_node[i]);
		kmem_free(k, arena, arena->a_size);
	}
	free_children(k, &ss->ss_root);
	kmem_free(k, ss, sizeof(*ss));
	k->k_sysctl = NULL;
}

/* --- values --- */

size_t
sysctl_room(const struct sysctl_call *c)
{
	return c->sc_old == NULL       ? SIZE_MAX :
	    c->sc_done >= c->sc_oldlen ? 0 :
					 c->sc_oldlen - c->sc_done;
}

int
sysctl_out(struct sysctl_call *c, const void *data, size_t n)
{
	size_t room = sysctl_room(c), at = c->sc_done;

	c->sc_done += n;
	if (c->sc_old == NULL)
		return 0;
	return copyout(
	    c->sc_l, data, (char *)c->sc_old + at, n < room ? n : room);
}

/* Gives a value of fixed size and takes a new one. */
static int
fixed(struct sysctl_call *c, void *v, size_t size, bool *changed)
{
	int error = sysctl_out(c, v, size);

	*changed = false;
	if (error == 0 && c->sc_old != NULL && c->sc_done > c->sc_oldlen)
		error = -ENOMEM;
	if (error != 0 || c->sc_new == NULL)
		return error;
	if (c->sc_newlen != size)
		return -EINVAL;
	error = copyin(c->sc_l, c->sc_new, v, size);
	*changed = error == 0;
	return error;
}

int
sysctl_int(struct sysctl_call *c, int32_t *v, bool *changed)
{
	return fixed(c, v, sizeof(*v), changed);
}

int
sysctl_quad(struct sysctl_call *c, int64_t *v, bool *changed)
{
	return fixed(c, v, sizeof(*v), changed);
}

/* Any byte but 0 is true. */
int
sysctl_bool(struct sysctl_call *c, bool *v, bool *changed)
{
	uint8_t byte = *v;
	int error = fixed(c, &byte, sizeof(byte), changed);

	*v = byte != 0;
	return error;
}

int
sysctl_string(struct sysctl_call *c, char *buf, size_t size, bool *changed)
{
	size_t len;
	int error;

	buf[size - 1] = '\0';
	len = strlen(buf);
	*changed = false;
	error = sysctl_out(c, buf, len + 1);
	if (error == 0 && c->sc_old != NULL && c->sc_done > c->sc_oldlen)
		error = -ENOMEM;
	if (error != 0 || c->sc_new == NULL)
		return error;
	if (c->sc_newlen > size)
		return -EINVAL;
	/* The NUL may be missing. */
	memset(buf, 0, size);
	error = copyin(c->sc_l, c->sc_new, buf, c->sc_newlen);
	if (error == 0 && buf[size - 1] != '\0')
		error = -EINVAL;
	*changed = error == 0;
	return error;
}

static bool
in_range(const struct sysctl_def *def, int64_t v)
{
	return def->sd_min == def->sd_max ||
	    (v >= def->sd_min && v <= def->sd_max);
}

static int
access_variable(struct sysctl_call *c)
{
	const struct sysctl_def *def = c->sc_def;
	void *at = (char *)c->sc_ctx + def->sd_off;
	bool changed;
	int error;

	switch (def->sd_flags & SYSCTL_TYPEMASK) {
	case CTLTYPE_INT: {
		int32_t v = def->sd_flags & CTLFLAG_IMMEDIATE &&
			def->sd_value != 0 ?
		    (int32_t)def->sd_value :
		    *(_Atomic int32_t *)at;

		error = sysctl_int(c, &v, &changed);
		if (changed && !in_range(def, v))
			return -EINVAL;
		if (changed)
			*(_Atomic int32_t *)at = v;
		return error;
	}
	case CTLTYPE_QUAD: {
		int64_t v = def->sd_flags & CTLFLAG_IMMEDIATE &&
			def->sd_value != 0 ?
		    def->sd_value :
		    *(_Atomic int64_t *)at;

		error = sysctl_quad(c, &v, &changed);
		if (changed && !in_range(def, v))
			return -EINVAL;
		if (changed)
			*(_Atomic int64_t *)at = v;
		return error;
	}
	case CTLTYPE_BOOL: {
		bool v = *(_Atomic bool *)at;

		error = sysctl_bool(c, &v, &changed);
		if (changed)
			*(_Atomic bool *)at = v;
		return error;
	}
	default:
		return -EOPNOTSUPP;
	}
}

static int
access_value(struct sysctl_call *c)
{
	const struct sysctl_def *def = c->sc_def;
	int error;

	if (def->sd_fn != NULL)
		error = def->sd_fn(c);
	else if (def->sd_string != NULL)
		error = sysctl_out(
		    c, def->sd_string, strlen(def->sd_string) + 1);
	else
		error = access_variable(c);
	if (error == 0 && c->sc_old != NULL && c->sc_done > c->sc_oldlen)
		error = -ENOMEM;
	return error;
}

/* --- queries --- */

static size_t
size_of(const struct sysctl_def *def)
{
	switch (def->sd_flags & SYSCTL_TYPEMASK) {
	case CTLTYPE_NODE:
		return sizeof(struct sysctlnode);
	case CTLTYPE_INT:
		return sizeof(int32_t);
	case CTLTYPE_QUAD:
		return sizeof(int64_t);
	case CTLTYPE_BOOL:
		return 1;
	case CTLTYPE_STRING:
		if (def->sd_size == 0 && def->sd_string != NULL)
			return strlen(def->sd_string) + 1;
		return def->sd_size;
	default:
		return def->sd_size;
	}
}

/* Addresses in the kernel are nobody's business: they stay zero. */
static void
encode(const struct sysctl_node *n, struct sysctlnode *out)
{
	const struct sysctl_def *def = n->n_def;
	const char *name = last_part(def->sd_path);
	void *at = n->n_ctx == NULL ? NULL : (char *)n->n_ctx + def->sd_off;

	memset(out, 0, sizeof(*out));
	out->sysctl_flags = SYSCTL_VERSION | def->sd_flags;
	out->sysctl_num = n->n_num;
	memcpy(out->sysctl_name, name, strlen(name));
	out->sysctl_ver = n->n_ver;
	out->_sysctl_size.__sysc_ustr.__sysc_sdatum = size_of(def);
	if (type_of(n) == CTLTYPE_NODE) {
		out->sysctl_un.scu_child.suc_csize = n->n_room;
		out->sysctl_un.scu_child.suc_clen = n->n_nchild;
	} else if (def->sd_flags & CTLFLAG_IMMEDIATE) {
		if (type_of(n) == CTLTYPE_QUAD)
			out->sysctl_un.scu_qdata = (uint64_t)(def->sd_value !=
					0 ||
				    at == NULL ?
				def->sd_value :
				*(_Atomic int64_t *)at);
		else
			out->sysctl_un.scu_idata = def->sd_value != 0 ||
				at == NULL ?
			    (int32_t)def->sd_value :
			    *(_Atomic int32_t *)at;
	}
}

/* The node that comes with a query or the like: its version word first, then all of it. */
static int
node_in(struct sysctl_call *c, struct sysctlnode *node)
{
	uint32_t flags;
	int error;

	memset(node, 0, sizeof(*node));
	if (c->sc_new == NULL)
		return 0;
	if (c->sc_newlen < sizeof(flags))
		return -EINVAL;
	error = copyin(c->sc_l, c->sc_new, &flags, sizeof(flags));
	if (error != 0)
		return error;
	if ((flags & SYSCTL_VERS_MASK) != SYSCTL_VERSION ||
	    c->sc_newlen != sizeof(*node))
		return -EINVAL;
	return copyin(c->sc_l, c->sc_new, node, sizeof(*node));
}

/* The children, encoded, in the kernel's memory. */
static int
children(struct sysctl_call *c, const struct sysctl_node *n,
    struct sysctlnode **out, uint32_t *count, size_t *size)
{
	struct sysctl_state *ss = c->sc_k->k_sysctl;

	krwlock_rdlock(&ss->ss_lock);
	*count = n->n_nchild;
	*size = (*count + 1) * sizeof(**out);
	*out = kmem_alloc(c->sc_k, *size);
	for (uint32_t i = 0; *out != NULL && i < *count; i++)
		encode(n->n_child[i], *out + i);
	krwlock_unlock(&ss->ss_lock);
	return *out == NULL ? -ENOMEM : 0;
}

static int
query(struct sysctl_call *c, const struct sysctl_node *n)
{
	struct sysctlnode node, *list;
	uint32_t count;
	size_t size;
	int error;

	error = node_in(c, &node);
	if (error == 0)
		error = children(c, n, &list, &count, &size);
	if (error != 0)
		return error;
	for (uint32_t i = 0; i < count && error == 0; i++) {
		/* Only whole nodes. */
		if (sysctl_room(c) < sizeof(node))
			c->sc_done += sizeof(node);
		else
			error = sysctl_out(c, &list[i], sizeof(node));
	}
	kmem_free(c->sc_k, list, size);
	return error;
}

/*
 * Nodes carry no descriptions here, as in the reference: each has an empty one. With a node given it is that one's; a
 * description that comes with it would be a new one, which nobody may set.
 */
static int
describe(struct sysctl_call *c, const struct sysctl_node *n)
{
	union {
		struct sysctldesc d;
		char space[DESC_SIZE];
	} desc;
	struct sysctlnode node, *list;
	uint32_t count;
	size_t size;
	bool found = false;
	int error;

	error = node_in(c, &node);
	if (error == 0)
		error = children(c, n, &list, &count, &size);
	if (error != 0)
		return error;
	if (c->sc_new != NULL &&
	    node._sysctl_desc.__sysc_ustr.__sysc_sdatum != NULL)
		error = -EPERM;
	for (uint32_t i = 0; i < count && error == 0; i++) {
		if (c->sc_new != NULL && list[i].sysctl_num != node.sysctl_num)
			continue;
		found = true;
		memset(&desc, 0, sizeof(desc));
		desc.d.descr_num = list[i].sysctl_num;
		desc.d.descr_ver = list[i].sysctl_ver;
		desc.d.descr_len = 1;
		if (sysctl_room(c) < DESC_SIZE)
			c->sc_done += DESC_SIZE;
		else
			error = sysctl_out(c, &desc, DESC_SIZE);
	}
	kmem_free(c->sc_k, list, size);
	return error != 0 ? error : c->sc_new != NULL && !found ? -ENOENT : 0;
}

static int
special(struct sysctl_call *c, const struct sysctl_node *n, int op)
{
	int error;

	if (type_of(n) != CTLTYPE_NODE)
		return -ENOTDIR;
	switch (op) {
	case CTL_QUERY:
		error = query(c, n);
		break;
	case CTL_DESCRIBE:
		error = describe(c, n);
		break;
	case CTL_CREATE:
	case CTL_CREATESYM:
	case CTL_DESTROY:
		return -EPERM;
	default:
		return -EOPNOTSUPP;
	}
	if (error == 0 && c->sc_old != NULL && c->sc_done > c->sc_oldlen)
		error = -ENOMEM;
	return error;
}

/* --- the call --- */

static bool
is_special(int num)
{
	return num == CTL_QUERY || num == CTL_DESCRIBE || num == CTL_CREATE ||
	    num == CTL_CREATESYM || num == CTL_DESTROY || num == CTL_MMAP;
}

/* How far the tree knows the name: the node, and how many numbers lead there. */
static int
lookup(struct sysctl_state *ss, const int *name, unsigned namelen,
    struct sysctl_node **np, unsigned *used)
{
	struct sysctl_node *n = &ss->ss_root, *next;
	unsigned i;

	for (i = 0; i < namelen; i++) {
		if (is_special(name[i]) || type_of(n) != CTLTYPE_NODE ||
		    (n->n_def != NULL && n->n_def->sd_fn != NULL))
			break;
		next = child_numbered(n, name[i]);
		if (next == NULL)
			return -ENOENT;
		n = next;
	}
	*np = n;
	*used = i;
	return 0;
}

static int
dispatch(struct sysctl_call *c, const int *name, unsigned namelen)
{
	struct sysctl_state *ss = c->sc_k->k_sysctl;
	struct sysctl_node *n;
	unsigned used;
	uint32_t type;
	int error;

	krwlock_rdlock(&ss->ss_lock);
	error = lookup(ss, name, namelen, &n, &used);
	krwlock_unlock(&ss->ss_lock);
	if (error != 0)
		return error;
	c->sc_name = name + used;
	c->sc_namelen = namelen - used;
	c->sc_mib = name;
	c->sc_miblen = used;
	if (c->sc_namelen > 0 && is_special(name[used]))
		return c->sc_namelen == 1 ? special(c, n, name[used]) : -EINVAL;
	type = type_of(n);
	if (type == CTLTYPE_NODE &&
	    (n->n_def == NULL || n->n_def->sd_fn == NULL))
		return -EISDIR;
	if (c->sc_namelen > 0 && type != CTLTYPE_NODE && type != CTLTYPE_STRUCT)
		return -ENOTDIR;
	c->sc_def = n->n_def;
	c->sc_ctx = n->n_ctx;
	if (c->sc_new != NULL) {
		if (!(n->n_def->sd_flags & CTLFLAG_READWRITE))
			return -EPERM;
		if (!(n->n_def->sd_flags & CTLFLAG_ANYWRITE) &&
		    !cred_issuser(c->sc_l->l_cred))
			return -EPERM;
	}
	if (n->n_def->sd_flags & CTLFLAG_PRIVATE &&
	    !cred_issuser(c->sc_l->l_cred))
		return -EPERM;
	return access_value(c);
}

int
sys___sysctl(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys___sysctl_args *uap = v;
	struct sysctl_call c;
	int name[CTL_MAXNAME], error, error2;
	unsigned namelen = SCARG(uap, namelen);
	size_t oldlen = 0;

	(void)rv;
	if (l->l_k->k_sysctl == NULL)
		return -ENOSYS;
	if (SCARG(uap, oldlenp) != NULL) {
		error = copyin(l, SCARG(uap, oldlenp), &oldlen, sizeof(oldlen));
		if (error != 0)
			return error;
	}
	if (namelen > CTL_MAXNAME || namelen < 1)
		return -EINVAL;
	error = copyin(l, SCARG(uap, name), name, namelen * sizeof(name[0]));
	if (error != 0)
		return error;
	ktr_mib(l, name, namelen);
	memset(&c, 0, sizeof(c));
	c.sc_l = l;
	c.sc_k = l->l_k;
	c.sc_old = SCARG(uap, oldlenp) == NULL ? NULL : SCARG(uap, oldv);
	c.sc_oldlen = oldlen;
	c.sc_new = SCARG(uap, newv);
	c.sc_newlen = SCARG(uap, newlen);
	error = dispatch(&c, name, namelen);
	/* What there is, also if it did not fit. */
	if (error == 0 || error == -ENOMEM)
		oldlen = c.sc_done;
	if (SCARG(uap, oldlenp) != NULL) {
		error2 = copyout(
		    l, &oldlen, SCARG(uap, oldlenp), sizeof(oldlen));
		if (error == 0)
			error = error2;
	}
	return error;
}
