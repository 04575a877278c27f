/* SPDX-License-Identifier: BSD-2-Clause */
/* Simulated PCI buses, see the header. */
#include <netbsd/fcntl.h>
#include <netbsd/pciio.h>
#include <netbsd/stat.h>
#include "dev/dev.h"
#include "dev/pci.h"
#include "vfs/namei.h"
#include "vfs/vfs_impl.h" /* vn_open */

#define PCI_MAJOR 83
#define MAXDEVS 32
#define FILE_MAX (8u << 20)
#define SMALL_CONFIG 256

struct function {
	uint16_t bus;
	uint8_t device, function;
	uint16_t size; /* of its configuration space: 256 or 4096 */
	uint8_t *config;
};

struct pci_state {
	struct kmutex ps_lock;
	bool ps_read;
	struct function *ps_functions;
	unsigned ps_n;
};

int
pci_attach(struct rump_kernel *k)
{
	k->k_pci = kmem_zalloc(k, sizeof(*k->k_pci));
	return k->k_pci == NULL ? -ENOMEM : 0;
}

static void
forget(struct rump_kernel *k, struct pci_state *ps)
{
	for (unsigned i = 0; i < ps->ps_n; i++)
		kmem_free(k, ps->ps_functions[i].config, PCI_CONFIG_BYTES);
	if (ps->ps_functions != NULL)
		kmem_free(k, ps->ps_functions,
		    PCI_MAXFUNCTIONS * sizeof(*ps->ps_functions));
	ps->ps_functions = NULL;
	ps->ps_n = 0;
}

void
pci_detach(struct rump_kernel *k)
{
	if (k->k_pci == NULL)
		return;
	forget(k, k->k_pci);
	kmem_free(k, k->k_pci, sizeof(*k->k_pci));
	k->k_pci = NULL;
}

/* --- the file ------------------------------------------------------------------ */

static int
digit(int c)
{
	return c >= '0' && c <= '9' ? c - '0' :
	    c >= 'a' && c <= 'f'    ? c - 'a' + 10 :
	    c >= 'A' && c <= 'F'    ? c - 'A' + 10 :
				      -1;
}

/* A hexadecimal number of at most eight digits; false: none. */
static bool
number(const char **p, const char *end, uint32_t *v)
{
	const char *start = *p;

	for (*v = 0; *p < end && *p - start < 8 && digit(**p) >= 0; ++*p)
		*v = *v << 4 | (uint32_t)digit(**p);
	return *p > start;
}

/* "00:1f.2" or "0000:00:1f.2", at the beginning of a line. */
static bool
address(const char *p, const char *end, struct function *f)
{
	uint32_t v[5];
	int n = 0;

	while (n < 4 && number(&p, end, &v[n])) {
		n++;
		if (p == end || (*p != ':' && *p != '.'))
			break;
		if (*p == '.') {
			p++;
			if (n < 2 || !number(&p, end, &v[n]))
				return false;
			if (p < end && *p != ' ' && *p != '\t' && *p != '\r')
				return false;
			if (v[n - 2] > 255 || v[n - 1] >= MAXDEVS || v[n] > 7)
				return false;
			f->bus = (uint16_t)v[n - 2];
			f->device = (uint8_t)v[n - 1];
			f->function = (uint8_t)v[n];
			return true;
		}
		p++;
	}
	return false;
}

/* "10: 00 01 ...": bytes of the function's space. */
static void
bytes(const char *p, const char *end, struct function *f)
{
	uint32_t at, v;

	if (!number(&p, end, &at) || p == end || *p != ':')
		return;
	for (p++; p < end; at++) {
		while (p < end && (*p == ' ' || *p == '\t'))
			p++;
		if (!number(&p, end, &v) || v > 255 || at >= PCI_CONFIG_BYTES)
			return;
		f->config[at] = (uint8_t)v;
		if (at >= SMALL_CONFIG)
			f->size = PCI_CONFIG_BYTES;
	}
}

int
pci_parse(struct rump_kernel *k, const char *text, size_t n)
{
	struct pci_state *ps = k->k_pci;
	const char *p = text, *end = text + n, *eol;
	struct function f, *now = NULL;

	forget(k, ps);
	ps->ps_functions = kmem_calloc(
	    k, PCI_MAXFUNCTIONS, sizeof(*ps->ps_functions));
	if (ps->ps_functions == NULL)
		return -ENOMEM;
	for (; p < end; p = eol + 1) {
		eol = memchr(p, '\n', (size_t)(end - p));
		if (eol == NULL)
			eol = end;
		memset(&f, 0, sizeof(f));
		if (!address(p, eol, &f)) {
			if (now != NULL)
				bytes(p, eol, now);
			continue;
		}
		if (ps->ps_n == PCI_MAXFUNCTIONS)
			return -EINVAL;
		f.size = SMALL_CONFIG;
		f.config = kmem_zalloc(k, PCI_CONFIG_BYTES);
		if (f.config == NULL)
			return -ENOMEM;
		now = &ps->ps_functions[ps->ps_n++];
		*now = f;
	}
	return ps->ps_n == 0 ? -EINVAL : 0;
}

static int
read_file(struct lwp *l, struct vnode *vp)
{
	struct vattr va;
	struct iovec iov;
	struct uio uio = { .uio_iov = &iov, .uio_iovcnt = 1, .uio_rw = UIO_READ };
	char *text = NULL;
	size_t size = 0;
	int error;

	vnode_lock(vp, false);
	error = vp->v_type != VREG ? -EINVAL :
				     vp->v_ops->vop_getattr(l, vp, &va);
	if (error == 0) {
		size = va.va_size < FILE_MAX ? (size_t)va.va_size : FILE_MAX;
		text = kmem_alloc(l->l_k, size + 1);
		error = text == NULL ? -ENOMEM : 0;
	}
	if (error == 0) {
		iov = (struct iovec){ text, size };
		uio.uio_resid = size;
		error = vp->v_ops->vop_read(l, vp, &uio, 0);
	}
	vnode_unlock(vp);
	if (error == 0)
		error = pci_parse(l->l_k, text, size - uio.uio_resid);
	if (text != NULL)
		kmem_free(l->l_k, text, size + 1);
	return error;
}

/* --- the driver ---------------------------------------------------------------- */

static int
pci_open(struct lwp *l, dev_t dev, bool blk, int flags)
{
	struct pci_state *ps = l->l_k->k_pci;
	struct vnode *vp;
	int error = 0;

	(void)blk, (void)flags;
	if (ps == NULL)
		return -ENXIO;
	kmutex_enter(&ps->ps_lock);
	if (!ps->ps_read) {
		error = namei_simple(l, PCI_CONF_FILE, NI_FOLLOW, &vp);
		if (error == 0) {
			error = vn_open(l, vp, FREAD, false);
			if (error == 0) {
				error = read_file(l, vp);
				(void)vn_close(l, vp, FREAD);
			}
			vnode_put(l, vp);
		}
		ps->ps_read = error == 0;
	}
	if (error == 0) {
		error = -ENXIO;
		for (unsigned i = 0; i < ps->ps_n; i++)
			if (ps->ps_functions[i].bus == minor(dev))
				error = 0;
	}
	kmutex_exit(&ps->ps_lock);
	return error == -ENOENT ? -ENXIO : error;
}

static struct function *
find(struct pci_state *ps, const struct pciio_bdf_cfgreg *r)
{
	for (unsigned i = 0; i < ps->ps_n; i++) {
		struct function *f = &ps->ps_functions[i];

		if (f->bus == r->bus && f->device == r->device &&
		    f->function == r->function)
			return f;
	}
	return NULL;
}

static uint32_t
get32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	    (uint32_t)p[3] << 24;
}

/* What a machine would not let anybody change: who it is, what it is, and its header's type. */
static uint32_t
writable(unsigned reg)
{
	switch (reg) {
	case 0x00:
	case 0x08:
		return 0;
	case 0x04:
		return 0x0000ffff;
	case 0x0c:
		return 0xff00ffff;
	default:
		return 0xffffffff;
	}
}

/* Nobody is there: all ones, as on a bus; what is written goes nowhere. */
static int
access_config(struct pci_state *ps, struct pciio_bdf_cfgreg *r, bool write)
{
	unsigned reg = r->cfgreg.reg;
	struct function *f;
	uint32_t v;

	if (r->bus > 255 || r->device >= MAXDEVS || r->function > 7 ||
	    reg % 4 != 0 || reg >= PCI_CONFIG_BYTES)
		return -EINVAL;
	f = find(ps, r);
	if (!write) {
		r->cfgreg.val = f == NULL || reg >= f->size ?
		    0xffffffff :
		    get32(f->config + reg);
		return 0;
	}
	if (f == NULL || reg >= f->size)
		return 0;
	v = (get32(f->config + reg) & ~writable(reg)) |
	    (r->cfgreg.val & writable(reg));
	for (unsigned i = 0; i < 4; i++)
		f->config[reg + i] = (uint8_t)(v >> 8 * i);
	return 0;
}

static int
pci_ioctl(struct lwp *l, dev_t dev, bool blk, unsigned long cmd, void *data,
    int flags)
{
	struct pci_state *ps = l->l_k->k_pci;
	struct pciio_bdf_cfgreg r;
	struct pciio_businfo info = { (unsigned)minor(dev), MAXDEVS };
	int error;

	(void)blk;
	switch (cmd) {
	case PCI_IOC_BUSINFO:
		memcpy(data, &info, sizeof(info));
		return 0;
	case PCI_IOC_DRVNAME: /* no driver has any of them */
		return -ENXIO;
	case PCI_IOC_BDF_CFGREAD:
	case PCI_IOC_BDF_CFGWRITE:
		if (cmd == PCI_IOC_BDF_CFGWRITE && !(flags & FWRITE))
			return -EBADF;
		memcpy(&r, data, sizeof(r));
		kmutex_enter(&ps->ps_lock);
		error = access_config(ps, &r, cmd == PCI_IOC_BDF_CFGWRITE);
		kmutex_exit(&ps->ps_lock);
		if (error == 0)
			memcpy(data, &r, sizeof(r));
		return error;
	}
	return -ENOTTY;
}

const struct devsw dev_pci = {
	.d_name = "pci",
	.d_bmajor = -1,
	.d_cmajor = PCI_MAJOR,
	.d_open = pci_open,
	.d_ioctl = pci_ioctl,
};
