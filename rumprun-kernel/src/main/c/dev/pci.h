/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pci(4): buses of a machine that is not there, for pcictl(8). What is on them stands in the kernel's file /etc/pci.conf, in the form in which
 * `lspci -xxx` (or -xxxx) of Linux shows a machine's: a line "[domain:]bus:device.function ..." and lines "offset: byte byte ...", all numbers in hexadecimal;
 * other lines are skipped. It is read when /dev/pci0 or another bus is first opened.
 */
#ifndef DEV_PCI_H
#define DEV_PCI_H

#include "kern/kernel.h"

int pci_attach(struct rump_kernel *) MUST_CHECK;
void pci_detach(struct rump_kernel *);

#define PCI_CONF_FILE "/etc/pci.conf"
#define PCI_MAXFUNCTIONS 1024
#define PCI_CONFIG_BYTES 4096
/* The text, for tests: 0, -EINVAL (no function in it, or too many), -ENOMEM. Replaces what was there. */
int pci_parse(struct rump_kernel *, const char *text, size_t n) MUST_CHECK;

#endif
