/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interfaces by name: "shmif3" asks the driver "shmif" for its unit 3, "shmif" for its first free one. Contracts: net/if_var.h, net/if_private.h.
 */
#include <limits.h>
#include <stdio.h>
#include "net/if_private.h"

/* The list that ifconfig -C prints: the loopback first, then the youngest. */
int
if_clone_attach(struct rump_kernel *k, const struct if_clone *ifc)
{
	struct if_state *ifs = NS(k)->ns_if;
	struct if_clone_state *ics, **where;

	if (ifs == NULL)
		return 0;
	if ((ics = kmem_zalloc(k, sizeof(*ics))) == NULL)
		return -ENOMEM;
	ics->ics_clone = ifc;
	net_wrlock(k);
	where = ifs->ifs_cloners == NULL ? &ifs->ifs_cloners :
					   &ifs->ifs_cloners->ics_next;
	ics->ics_next = *where;
	*where = ics;
	ifs->ifs_ncloners++;
	net_unlock(k);
	return 0;
}

void
if_clone_fini(struct rump_kernel *k)
{
	struct if_state *ifs = NS(k)->ns_if;
	struct if_clone_state *ics;

	while ((ics = ifs->ifs_cloners) != NULL) {
		ifs->ifs_cloners = ics->ics_next;
		kmem_free(k, ics, sizeof(*ics));
	}
}

unsigned
if_clone_list(struct rump_kernel *k, char (*names)[IFNAMSIZ], unsigned max)
{
	struct if_state *ifs = NS(k)->ns_if;
	unsigned n = 0;

	for (struct if_clone_state *ics = ifs->ifs_cloners;
	     ics != NULL && n < max; ics = ics->ics_next, n++) {
		memset(names[n], 0, IFNAMSIZ);
		snprintf(names[n], IFNAMSIZ, "%s", ics->ics_clone->ifc_name);
	}
	return ifs->ifs_ncloners;
}

/* Digits to the end of a name, none: -1. False: something else, or too many. */
static bool
parse_unit(const char *s, int *unit)
{
	int n = *s == '\0' ? -1 : 0;

	for (; *s != '\0'; s++) {
		if (*s < '0' || *s > '9' || n > (INT_MAX - 9) / 10)
			return false;
		n = n * 10 + (*s - '0');
	}
	*unit = n;
	return true;
}

struct if_clone_state *
if_clone_lookup(struct rump_kernel *k, const char *name, int *unit)
{
	struct if_clone_state *ics;

	for (ics = NS(k)->ns_if->ifs_cloners; ics != NULL; ics = ics->ics_next) {
		size_t len = strlen(ics->ics_clone->ifc_name);

		if (strncmp(name, ics->ics_clone->ifc_name, len) == 0 &&
		    parse_unit(name + len, unit))
			return ics;
	}
	return NULL;
}

int
if_clone_create(struct rump_kernel *k, const char *name, char *buf)
{
	struct if_clone_state *ics;
	char whole[IFNAMSIZ + 16];
	struct ifnet *ifp;
	int unit, error, len;

	if (NS(k)->ns_if == NULL || memchr(name, '\0', IFNAMSIZ) == NULL ||
	    (ics = if_clone_lookup(k, name, &unit)) == NULL)
		return -EINVAL;
	if (unit >= 0 && if_byname(k, name) != NULL)
		return -EEXIST;
	for (bool any = unit < 0;; unit++) {
		if (unit < 0)
			unit = 0;
		len = snprintf(whole, sizeof(whole), "%s%d",
		    ics->ics_clone->ifc_name, unit);
		if (len >= IFNAMSIZ)
			return -EINVAL;
		if (if_byname(k, whole) == NULL)
			break;
		if (!any)
			return -EEXIST;
	}
	if ((error = ics->ics_clone->ifc_create(k, ics->ics_clone, unit)) != 0)
		return error;
	if ((ifp = if_byname(k, whole)) != NULL)
		ifp->if_cloned = ics;
	if (buf != NULL)
		memcpy(buf, whole, IFNAMSIZ);
	return 0;
}

int
if_clone_destroy(struct rump_kernel *k, const char *name)
{
	struct ifnet *ifp = NULL;
	int error = 0, unit;

	if (NS(k)->ns_if == NULL)
		return -ENXIO;
	net_wrlock(k);
	if (memchr(name, '\0', IFNAMSIZ) == NULL ||
	    if_clone_lookup(k, name, &unit) == NULL)
		error = -EINVAL;
	else if ((ifp = if_byname(k, name)) == NULL || ifp->if_dying)
		error = -ENXIO;
	else if (ifp == if_loop(k))
		error = -EPERM;
	else if (ifp->if_cloned == NULL ||
	    ifp->if_cloned->ics_clone->ifc_nodestroy)
		error = -EOPNOTSUPP;
	else
		if_detach_begin(ifp);
	net_unlock(k);
	if (error == 0)
		if_detach_end(ifp);
	return error;
}
