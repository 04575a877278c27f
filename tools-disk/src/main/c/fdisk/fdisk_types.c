/* SPDX-License-Identifier: BSD-2-Clause */
/* What types of MBR partitions are commonly called. */
#include "fdisk/fdisk.h"

static const struct {
	uint8_t type;
	const char *name;
} names[] = {
	{ 0x01, "Primary DOS, 12 bit FAT, <32M" },
	{ 0x02, "XENIX / filesystem" },
	{ 0x03, "XENIX /usr filesystem" },
	{ 0x04, "Primary DOS, 16 bit FAT, <32M" },
	{ 0x05, "Extended partition" },
	{ 0x06, "Primary 'big' DOS, 16-bit FAT, > 32MB" },
	{ 0x07, "NTFS, OS/2 HPFS, QNX2 or Advanced UNIX" },
	{ 0x08, "AIX filesystem, OS/2 (thru v1.3), DELL or QNX 1.x" },
	{ 0x09, "AIX boot partition, Coherent or QNX 1.x" },
	{ 0x0a, "OS/2 Boot Manager, Coherent swap or OPUS" },
	{ 0x0b, "Primary DOS with 32 bit FAT" },
	{ 0x0c, "Primary DOS with 32 bit FAT - LBA" },
	{ 0x0e, "Primary DOS with 16 bit FAT - LBA" },
	{ 0x0f, "Extended partition - LBA" },
	{ 0x10, "OPUS" },
	{ 0x11, "OS/2 BM: hidden DOS 12-bit FAT" },
	{ 0x12, "Compaq diagnostics" },
	{ 0x14, "OS/2 BM: hidden DOS 16-bit FAT <32M" },
	{ 0x16, "OS/2 BM: hidden DOS 16-bit FAT >=32M" },
	{ 0x17, "OS/2 BM: hidden IFS" },
	{ 0x18, "AST Windows swapfile" },
	{ 0x1b, "IBM hidden partition, FAT32" },
	{ 0x1c, "IBM hidden partition, FAT32 - LBA" },
	{ 0x1e, "hidden LBA VFAT partition" },
	{ 0x24, "NEC MS-DOS 3.x" },
	{ 0x35, "JFS" },
	{ 0x38, "Theos" },
	{ 0x39, "Plan 9" },
	{ 0x3c, "PartitionMagic recovery" },
	{ 0x40, "VENIX 286 or LynxOS" },
	{ 0x41, "Linux/MINIX (shared with DR DOS) or Personal RISC boot" },
	{ 0x42, "SFS or Linux swap (shared with DR DOS)" },
	{ 0x43, "Linux native (shared with DR DOS)" },
	{ 0x4d, "QNX4.x" },
	{ 0x4e, "QNX4.x 2nd part" },
	{ 0x4f, "QNX4.x 3rd part" },
	{ 0x50, "DM (disk manager)" },
	{ 0x51, "DM6 Aux1 (or Novell)" },
	{ 0x52, "CP/M or Microport SysV/AT" },
	{ 0x53, "DM6 Aux3" },
	{ 0x54, "DM6 DDO" },
	{ 0x55, "EZ-Drive (disk manager)" },
	{ 0x56, "Golden Bow (disk manager)" },
	{ 0x5c, "Priam EDisk (disk manager)" },
	{ 0x61, "SpeedStor" },
	{ 0x63, "GNU HURD or Mach or Sys V/386 (such as ISC UNIX) or MtXinu" },
	{ 0x64, "Novell Netware 2.xx or Speedstore" },
	{ 0x65, "Novell Netware 3.xx" },
	{ 0x70, "DiskSecure Multi-Boot" },
	{ 0x75, "IBM PC/IX" },
	{ 0x80, "MINIX until 1.4a" },
	{ 0x81, "MINIX since 1.4b, early Linux, Mitac dmgr" },
	{ 0x82, "Linux swap or Prime or Solaris" },
	{ 0x83, "Linux native" },
	{ 0x84, "OS/2 hidden C: drive" },
	{ 0x85, "Linux extended" },
	{ 0x86, "NT FAT volume set" },
	{ 0x87, "NTFS volume set or HPFS mirrored" },
	{ 0x8e, "Linux LVM" },
	{ 0x93, "Amoeba filesystem or hidden Linux native" },
	{ 0x94, "Amoeba bad block table" },
	{ 0x99, "Mylex EISA SCSI" },
	{ 0x9f, "BSDI?" },
	{ 0xa0, "IBM Thinkpad hibernation" },
	{ 0xa5, "FreeBSD or 386BSD or old NetBSD" },
	{ 0xa6, "OpenBSD" },
	{ 0xa7, "NeXTSTEP 486" },
	{ 0xa8, "Apple UFS" },
	{ 0xa9, "NetBSD" },
	{ 0xab, "Apple Boot" },
	{ 0xaf, "Apple HFS" },
	{ 0xb7, "BSDI BSD/386 filesystem" },
	{ 0xb8, "BSDI BSD/386 swap" },
	{ 0xbe, "Solaris boot" },
	{ 0xbf, "Solaris" },
	{ 0xc1, "DRDOS/sec (FAT-12)" },
	{ 0xc4, "DRDOS/sec (FAT-16, < 32M)" },
	{ 0xc6, "DRDOS/sec (FAT-16, >= 32M)" },
	{ 0xc7, "Syrinx (Cyrnix?) or HPFS disabled" },
	{ 0xdb, "Concurrent CPM or C.DOS or CTOS" },
	{ 0xe1, "DOS access or SpeedStor 12-bit FAT extended partition" },
	{ 0xe3, "DOS R/O or SpeedStor or Storage Dimensions" },
	{ 0xe4, "SpeedStor 16-bit FAT extended partition < 1024 cyl." },
	{ 0xeb, "BeOS" },
	{ 0xee, "EFI partition table (GPT)" },
	{ 0xef, "EFI system partition" },
	{ 0xf1, "SpeedStor or Storage Dimensions" },
	{ 0xf2, "DOS 3.3+ Secondary" },
	{ 0xf4, "SpeedStor >1024 cyl. or Storage Dimensions" },
	{ 0xfb, "VMware vmfs" },
	{ 0xfc, "VMware vmkcore" },
	{ 0xfd, "Linux RAID" },
	{ 0xfe, "SpeedStor >1024 cyl. or LANstep or IBM PS/2 IML" },
	{ 0xff, "Xenix Bad Block Table" },
};
#define NNAMES (sizeof(names) / sizeof(names[0]))

const char *
fd_type_name(unsigned type)
{
	for (size_t i = 0; i < NNAMES; i++)
		if (names[i].type == type)
			return names[i].name;
	return "unknown";
}

void
fd_list_types(struct tool *t)
{
	for (size_t i = 0; i < NNAMES; i++)
		t_printf(t, "%03u %s\n", names[i].type, names[i].name);
}
