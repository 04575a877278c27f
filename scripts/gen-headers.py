#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes the NetBSD ABI headers from the tables of ABI facts.

usage: scripts/gen-headers.py FACTS-FOLDER

What it writes is checked in, so that building needs neither Python nor the
tables: include/netbsd/*.h, include/rump/{rumpdefs,rumperr,rump_syscalls}.h,
c/rump/syscalls.c, c/kern/errnames.c and the test abi_test.c. Run it again
when a header needs one more constant or structure: HEADERS says what is in
each of them.
"""

import collections
import os
import re
import sys

sys.dont_write_bytecode = True
from netbsd_abi import (  # noqa: E402
    MAIN, NETBSD, ROOT, RUMP, SPDX, TYPEDEFS, Emitter, Facts, Seen, comment,
    constants, tabbed, wrap, write)

# ---------------------------------------------------------------- contents

TYPES_STRUCTS = [
    "sigset_t", "fsid_t", "struct fd_set", "struct timespec",
    "struct timeval", "struct timespec50", "struct timeval50",
    "struct itimerspec", "struct itimerval", "struct itimerspec50",
    "struct itimerval50", "struct timezone", "struct iovec", "struct stat",
    "struct stat30", "struct stat13", "struct stat12", "struct stat43",
    "struct dirent", "struct dirent12", "struct statvfs", "struct rlimit",
    "struct rusage", "struct rusage50", "struct wrusage", "struct flock",
    "struct pollfd", "struct kevent", "struct uuid", "struct winsize",
    "struct termios"]

# header: (what it is, includes, [(source, want, reject, style)], structs)
T = ("<netbsd/types.h>",)
S = T + ("<netbsd/socket.h>",)
HEADERS = collections.OrderedDict([
    ("fcntl.h", ("Opening, file control, locks.", T,
                 [("sys/fcntl.h", None, "SEEK_.*|FALTIO", "hex")], [])),
    ("stat.h", ("File modes and flags; the names of struct stat's times.",
                T, [("sys/stat.h", "_?S_.*|.*PERMS|DEFFILEMODE", "_S_.*",
                     "oct"),
                    ("sys/stat.h", "[US]F_.*|UTIME_.*|APPEND|IMMUTABLE|"
                     "OPAQUE", None, "hex")], [])),
    ("dirent.h", ("Directory entries.", T,
                  [("sys/dirent.h", None, None, "auto")], [])),
    ("mount.h", ("Mounting: flags, types, every file system's arguments.",
                 T + ("<netbsd/ucred.h>",),
                 [("sys/fstypes.h", "MNT_.*|IMNT_.*|FHANDLE_.*", None,
                   "hex"),
                  ("sys/statvfs.h", "ST_.*|VFS_.*|_VFS_.*", None, "hex"),
                  ("sys/mount.h", None, None, "auto"),
                  ("fs/tmpfs/tmpfs_args.h", None, None, "auto"),
                  ("fs/cd9660/cd9660_mount.h", None, None, "hex"),
                  ("fs/msdosfs/msdosfsmount.h", None, None, "hex"),
                  ("fs/ptyfs/ptyfs.h", "PTYFS.*ARGS.*", None, "auto"),
                  ("fs/union/union.h", "UNMNT_.*", None, "auto"),
                  ("fs/udf/udf_mount.h", None, None, "auto"),
                  ("fs/ntfs/ntfsmount.h", None, None, "auto"),
                  ("miscfs/procfs/procfs.h", "PROCFS.*ARGS.*|PROCFSMNT.*",
                   None, "auto"),
                  ("nfs/nfsmount.h", "NFSMNT_.*|NFS_ARGS.*", None, "hex"),
                  ],
                 ["struct fid", "struct fhandle", "struct compat_30_fid",
                  "struct compat_30_fhandle", "struct statfs12",
                  "struct export_args", "struct mountd_exports_list",
                  "struct export_args30",
                  "struct ufs_args", "struct mfs_args",
                  "struct tmpfs_args",
                  "struct null_args", "struct umap_args",
                  "struct overlay_args", "struct union_args",
                  "struct iso_args", "struct msdosfs_args",
                  "struct ntfs_args", "struct efs_args",
                  "struct hfs_args", "struct udf_args",
                  "struct sysvbfs_args", "struct v7fs_args",
                  "struct adosfs_args", "struct nilfs_args",
                  "struct chfs_args", "struct ptyfs_args",
                  "struct procfs_args", "struct nfs_args"])),
    ("ucred.h", ("Credentials as they travel.", T, [],
                 ["struct uucred"])),
    ("limits.h", ("Limits of the system (beside ISO C's own).", (),
                  [("sys/syslimits.h", None, None, "dec"),
                   ("sys/param.h", "MAX(COMLEN|HOSTNAMELEN|LOGNAME|PATHLEN|"
                    "SYMLINKS|INTERP|BSIZE|FRAG)|NODEV|NOGROUP|"
                    "KERNEL_NAME_MAX|FSHIFT|FSCALE|NGROUPS|CMASK|PAGE_.*|"
                    "DEV_BSIZE|DEV_BSHIFT", None, "dec"),
                   ("machine/param.h", "DEV_BSIZE|DEV_BSHIFT|PAGE_SIZE|"
                    "PAGE_SHIFT|MAXPHYS", None, "dec")], [])),
    ("time.h", ("Clocks and timers.", T,
                [("sys/time.h", None, None, "hex")],
                ["struct bintime", "struct timex", "struct ntptimeval",
                 "struct tms"])),
    ("signal.h", ("Signals.", T,
                  [("sys/signal.h", None, "BADSIG|SIG_(DFL|ERR|IGN|HOLD)",
                    "auto")],
                  ["struct sigaction", "struct sigaction13",
                   "struct sigaltstack"])),
    ("sysctl.h", ("The sysctl tree: numbers, types, nodes and values.", T,
                  [("sys/sysctl.h", None, "KERN_LABEL.*_", "auto"),
                   ("uvm/uvm_param.h", "VM_.*", None, "auto"),
                   ("sys/resource.h", "CP.*", None, "auto"),
                   ("sys/sched.h", "CP_.*|CPUSTATES", None, "auto"),
                   ("sys/socket.h", "PCB_.*|NET_.*", None, "auto"),
                   ("sys/evcnt.h", None, None, "auto"),
                   ("sys/iostat.h", None, None, "auto")],
                  ["struct ctlname", "struct sysctlnode",
                   "struct sysctldesc", "struct clockinfo",
                   "struct loadavg", "struct vmtotal",
                   "struct uvmexp_sysctl", "ki_sigset_t",
                   "struct kinfo_proc2", "struct kinfo_lwp",
                   "struct kinfo_drivers", "struct kinfo_file",
                   "struct evcnt_sysctl", "struct buf_sysctl",
                   "struct io_sysctl"])),
    ("disklabel.h", ("The BSD disk label.", T,
                     [("sys/disklabel.h", None, None, "auto"),
                      ("sys/bootblock.h", "MBR_.*", "MBR_PTYPE_.*",
                       "auto"),
                      ("machine/disklabel.h", "LABEL.*|MAXPARTITIONS|"
                       "OLDMAXPARTITIONS|RAW_PART", None, "auto")],
                     ["struct partition", "struct disklabel",
                      "struct olddisklabel", "struct partinfo"])),
    ("disk.h", ("Disk geometry, wedges, strategy, bad sectors.",
                ("<netbsd/types.h>", "<netbsd/disklabel.h>"),
                [("sys/disk.h", None, None, "auto"),
                 ("sys/disklabel_gpt.h", None, None, "auto"),
                 ("sys/dkio.h", "DKCACHE_.*", None, "hex")],
                ["struct disk_geom", "struct dkwedge_info",
                 "struct dkwedge_list", "struct disk_badsectors",
                 "struct disk_badsecinfo",
                 "struct format_op"])),
    ("ioctl.h", ("Device control: the encoding, file, terminal and disk"
                 " requests.",
                 ("<netbsd/types.h>", "<netbsd/disk.h>"),
                 [("sys/ioccom.h", None, None, "hex"),
                  ("sys/filio.h", None, None, "auto"),
                  ("sys/ttycom.h", None, None, "auto"),
                  ("sys/dkio.h", None, "DKCACHE_.*", "auto"),
                  ("dev/vndvar.h", "VND.*", None, "auto"),
                  ("dev/fssvar.h", "FSS.*", None, "auto"),
                  ("dev/cgdvar.h", "CGD.*", None, "auto"),
                  ("sys/rndio.h", "RND.*", "RND_SOURCE.*", "auto"),
                  ("sys/cdio.h", "CDIOC.*|CDIOREAD.*", None, "auto"),
                  ("sys/mtio.h", "MTIOC.*", None, "auto")],
                 ["struct ptmget", "struct vnd_ioctl", "struct vnd_user",
                  "struct fss_set", "struct fss_get",
                  "struct cgd_ioctl", "struct cgd_user"])),
    ("termios.h", ("Terminal modes.", T,
                   [("sys/termios.h", None, "_POSIX_.*", "auto"),
                    ("sys/ttydefaults.h", None, None, "auto")], [])),
    ("event.h", ("kqueue.", T, [("sys/event.h", None, None, "auto")],
                 ["struct kfilter_mapping"])),
    ("poll.h", ("poll.", T, [("sys/poll.h", None, None, "hex")], [])),
    ("resource.h", ("Limits and use of resources.", T,
                    [("sys/resource.h", None, "CP.*", "auto")], [])),
    ("unistd.h", ("Seeking, access, pathconf names.", T,
                  [("sys/unistd.h", "SEEK_.*|._OK|_PC_.*|F.*SYNC|L_.*|"
                    "_CS_.*|_SC_.*", None, "auto"),
                   ("unistd.h", "ST[A-Z]+_FILENO", None, "auto")], [])),
    ("reboot.h", ("How to reboot.", (),
                  [("sys/reboot.h", "RB_.*|AB_.*", None, "hex")], [])),
    ("module.h", ("Kernel modules.", T,
                  [("sys/module.h", None, None, "auto")],
                  ["struct modctl_load", "struct modstat"])),
    ("uio.h", ("Vectors.", T, [("sys/uio.h", None, "UIO_(READ|WRITE)", "auto")], [])),
    ("wait.h", ("Waiting for processes.", T,
                [("sys/wait.h", None, None, "hex")], [])),
    ("ktrace.h", ("Kernel tracing.", T,
                  [("sys/ktrace.h", None, None, "auto")],
                  ["struct ktr_header", "struct ktr_syscall",
                   "struct ktr_sysret", "struct ktr_genio",
                   "struct ktr_psig", "struct ktr_csw", "struct ktr_user",
                   "struct ktr_execfd"])),
    ("socket.h", ("Sockets: families, types, options, addresses, messages.", T,
                  [("sys/socket.h", None, "PCB_.*|NET_.*", "auto"),
                   ("compat/sys/socket.h", "S[OC].*", None, "auto")],
                  ["struct sockaddr", "struct sockaddr_storage",
                   "struct sockaddr_un", "struct msghdr", "struct omsghdr",
                   "struct osockaddr",
                   "struct mmsghdr", "struct cmsghdr", "struct linger",
                   "struct sockcred", "struct accept_filter_arg",
                   "struct kinfo_pcb"])),
    ("un.h", ("Local sockets: options and the peer's ids.", S,
              [("sys/un.h", None, None, "auto")], ["struct unpcbid"])),
    ("in.h", ("IPv4: protocols, ports, addresses, options.", S,
              [("netinet/in.h", None, None, "auto"),
               ("netinet/portalgo.h", None, None, "auto")],
              ["struct in_addr", "struct sockaddr_in", "struct in_pktinfo",
               "struct ip_mreq", "struct ip_opts"])),
    ("in6.h", ("IPv6: addresses and options.", S + ("<netbsd/in.h>",),
               [("netinet6/in6.h", None, None, "auto")],
               ["struct in6_addr", "struct sockaddr_in6",
                "struct in6_pktinfo", "struct ip6_mtuinfo",
                "struct ipv6_mreq"])),
    ("if.h", ("Interfaces: flags, capabilities, requests, statistics.", S,
              [("net/if.h", None, None, "auto"),
               ("net/if_types.h", None, None, "auto"),
               ("net/if_gif.h", None, None, "auto"),
               ("net/if_tun.h", None, None, "auto"),
               ("net/if_tap.h", None, None, "auto"),
               ("net/if_vlanvar.h", None, None, "auto"),
               ("net/if_arp.h", None, "SIOC.*", "auto"),
               ("net/if_ether.h", None, "SIOC.*", "auto"),
               ("net/ethertypes.h", None, None, "hex")],
              ["struct if_data", "struct ifreq", "struct ifconf",
               "struct ifaliasreq", "struct ifdatareq", "struct ifdrv",
               "struct ifcapreq", "struct ifmediareq", "struct if_clonereq",
               "struct if_laddrreq", "struct if_addrprefreq",
               "struct if_msghdr", "struct ifa_msghdr",
               "struct if_announcemsghdr", "struct vlanreq",
               "struct arpreq", "struct eccapreq", "struct dl_addr",
               "struct sockaddr_dl", "struct ether_addr",
               "struct ether_multi_sysctl", "struct oifreq",
               "struct oifconf", "struct oif_data", "struct oifdatareq"])),
    ("if_media.h", ("Media words.", (),
                    [("net/if_media.h", None, None, "auto")], [])),
    ("if_bridgevar.h", ("Bridges: requests.", T,
                        [("net/if_bridgevar.h", None, None, "auto")],
                        ["struct ifbreq", "struct ifbifconf",
                         "struct ifbareq", "struct ifbaconf",
                         "struct ifbrparam"])),
    ("in_var.h", ("IPv4 addresses of interfaces.", S + ("<netbsd/in.h>",),
                  [("netinet/in_var.h", None, None, "auto")],
                  ["struct in_aliasreq"])),
    ("in6_var.h", ("IPv6 addresses of interfaces; neighbour discovery.",
                   S + ("<netbsd/in6.h>", "<netbsd/if.h>"),
                   [("netinet6/in6_var.h", None, None, "auto"),
                    ("netinet6/nd6.h", None, None, "auto")],
                   ["struct in6_addrlifetime", "struct in6_ifstat",
                    "struct icmp6_ifstat", "struct in6_ifreq",
                    "struct in6_aliasreq", "struct in6_addrpolicy",
                    "struct in6_prflags", "struct in6_prefixreq",
                    "struct nd_ifinfo", "struct in6_ndireq",
                    "struct in6_nbrinfo", "struct in6_ndifreq",
                    "struct in6_defrouter", "struct in6_prefix",
                    "struct in6_drlist", "struct in6_prlist",
                    "struct in6_oprlist", "struct in6_ondireq"])),
    ("sockio.h", ("Requests of sockets and interfaces.", S +
                  ("<netbsd/if.h>", "<netbsd/in6_var.h>"),
                  [("sys/sockio.h", None, None, "auto"),
                   ("net/if_arp.h", "SIOC.*", None, "auto"),
                   ("net/if_ether.h", "SIOC.*", None, "auto"),
                   ("compat/sys/sockio.h", "O?O?SIOC.*", None, "auto")], [])),
    ("route.h", ("The routing table and its socket.", S + ("<netbsd/if.h>",),
                 [("net/route.h", None, None, "auto")],
                 ["struct rt_metrics", "struct rt_msghdr", "struct rtstat"])),
    ("bpf.h", ("The packet filter: instructions, requests, records.", T,
               [("net/bpf.h", None, None, "auto"),
                ("net/dlt.h", None, None, "auto")],
               ["struct bpf_insn", "struct bpf_program", "struct bpf_timeval",
                "struct bpf_hdr", "struct bpf_stat", "struct bpf_version",
                "struct bpf_dltlist", "struct bpf_stat_old"])),
    ("npf.h", ("NPF: requests, rule flags, statistics.",
               T + ("<netbsd/in6.h>",),
               [("net/npf/npf.h", None, None, "auto")],
               ["struct npf_ioctl_ent", "struct npf_ioctl_buf",
                "struct npf_ioctl_table"])),
    ("raidframe.h", ("RAIDframe: configuration, labels, requests.", T,
                     [("dev/raidframe/raidframevar.h", None, None, "auto"),
                      ("dev/raidframe/raidframeio.h", None, None, "auto"),
                      ("dev/raidframe/rf_paritymap.h", None, None, "auto")],
                     ["struct RF_Config_s", "struct RF_ComponentLabel_s",
                      "struct RF_RaidDisk_s", "struct RF_DeviceConfig_s",
                      "struct RF_SingleComponent_s",
                      "struct RF_ComponentInfo_s",
                      "struct RF_ProgressInfo_s", "struct RF_AccTotals_s",
                      "struct RF_recon_acc_stats_s",
                      "struct RF_user_acc_stats_s",
                      "struct RF_SparetWait_s",
                      "struct RF_SpareTableEntry_s",
                      "struct rf_recon_req", "struct rf_pmparams",
                      "struct rf_pmctrs", "struct rf_pmstat"])),
    ("rnd.h", ("Random numbers: sources and their estimates.", T,
               [("sys/rndio.h", "RND_.*", None, "auto"),
                ("sys/rnd.h", None, None, "auto")],
               ["rndstat_t", "rndctl_t", "rnddata_t", "rndsource_t",
                "rndpoolstat_t", "rndsource_est_t", "rndstat_est_t",
                "rndstat_name_t", "rndstat_est_name_t"])),
    ("pciio.h", ("PCI buses seen by users.", T,
                 [("dev/pci/pciio.h", None, None, "auto")],
                 ["struct pciio_cfgreg", "struct pciio_bdf_cfgreg",
                  "struct pciio_businfo", "struct pciio_drvname"])),
    ("bootblock.h", ("What boot sectors hold, MBR partition types too.", T,
                     [("sys/bootblock.h", "MBR_PTYPE_.*", None, "auto")],
                     [])),
    ("ip.h", ("IPv4 and its companions on the wire: fields and numbers.", (),
              [("netinet/ip.h", None, None, "auto"),
               ("netinet/ip_icmp.h", None, None, "auto"),
               ("netinet/ip_ecn.h", None, None, "auto"),
               ("netinet/igmp.h", None, None, "auto"),
               ("netinet/udp.h", None, None, "auto"),
               ("netinet/ip_mroute.h", None, None, "auto")], [])),
    ("tcp.h", ("TCP: options, flags, states, what tcp_info tells.", T,
               [("netinet/tcp.h", None, None, "auto"),
                ("netinet/tcp_fsm.h", None, None, "auto")],
               ["struct tcp_info"])),
    ("ip6.h", ("IPv6 and ICMPv6 on the wire: fields and numbers.", T,
               [("netinet/ip6.h", None, None, "hex"),
                ("netinet/icmp6.h", None, None, "auto")],
               ["struct icmp6_filter"])),
    ("netstats.h", ("Counters of the protocols, as sysctl gives them.", (),
                    [(h, "[A-Z0-9]+_STAT_.*|[A-Z0-9]+_NSTATS|.*CTL_.*", None,
                      "auto") for h in (
                         "netinet/ip_var.h", "netinet/icmp_var.h",
                         "netinet/igmp_var.h", "netinet/udp_var.h",
                         "netinet/tcp_var.h", "netinet6/ip6_var.h",
                         "netinet6/udp6_var.h", "netinet6/raw_ip6.h",
                         "netinet/if_ether.h", "netinet6/icmp6_var.h",
                         "netinet/ip_carp.h", "netinet6/pim6_var.h")] +
                    [("netinet/in_pcb.h", None, None, "hex"),
                     ("netinet6/in6_pcb.h", None, None, "hex"),
                     ("netinet6/ip6_var.h", "IP6PO_.*", None, "auto"),
                     ("netinet/tcp_timer.h", None, None, "auto")], [])),
    ("quota.h", ("Quotas: the quotactl interface.", T,
                 [("sys/quota.h", None, None, "auto"),
                  ("sys/quotactl.h", None, None, "auto")],
                 ["struct quotakey", "struct quotaval",
                  "struct quotastat", "struct quotaidtypestat",
                  "struct quotaobjtypestat", "struct quotakcursor",
                  "struct quotactl_args"])),
    ("extattr.h", ("Extended attributes.", T,
                   [("sys/extattr.h", None, None, "hex"),
                    ("sys/xattr.h", None, None, "auto")], [])),
    ("mman.h", ("Memory protection and advice.", (),
                [("sys/mman.h", None, "MAP_FAILED|MINCORE.*", "hex")], [])),
    ("utsname.h", ("System names.", (), [("sys/utsname.h", None, None,
                                          "auto")], ["struct utsname"])),
])

EXTRA = {
    "types.h": """
#define	major(d)	((uint32_t)(((uint64_t)(d) & 0xfff00) >> 8))
#define	minor(d)	((uint32_t)(((uint64_t)(d) & 0xfff00000) >> 12 | \\
			    ((uint64_t)(d) & 0xff)))
#define	makedev(maj, min)	((dev_t)(((uint32_t)(maj) << 8 & 0xfff00) | \\
			    ((uint32_t)(min) << 12 & 0xfff00000) | \\
			    ((uint32_t)(min) & 0xff)))
""",
    "stat.h": """
#define	S_ISDIR(m)	(((m) & S_IFMT) == S_IFDIR)
#define	S_ISCHR(m)	(((m) & S_IFMT) == S_IFCHR)
#define	S_ISBLK(m)	(((m) & S_IFMT) == S_IFBLK)
#define	S_ISREG(m)	(((m) & S_IFMT) == S_IFREG)
#define	S_ISFIFO(m)	(((m) & S_IFMT) == S_IFIFO)
#define	S_ISLNK(m)	(((m) & S_IFMT) == S_IFLNK)
#define	S_ISSOCK(m)	(((m) & S_IFMT) == S_IFSOCK)
#define	S_ISWHT(m)	(((m) & S_IFMT) == S_IFWHT)
""",
    "fcntl.h": """
/* The mode of open(2) as read and write bits, and back. */
#define	FFLAGS(oflags)	((oflags) + 1)
#define	OFLAGS(fflags)	((fflags) - 1)
""",
    "mount.h": """
typedef struct fhandle fhandle_t;
""",
    "ioctl.h": """
#define	IOCPARM_LEN(x)	(((x) >> IOCPARM_SHIFT) & IOCPARM_MASK)
#define	IOCBASECMD(x)	((x) & ~(IOCPARM_MASK << IOCPARM_SHIFT))
#define	IOCGROUP(x)	(((x) >> IOCGROUP_SHIFT) & 0xff)
#define	_IOC(inout, group, num, len) \\
	((unsigned long)(inout) | \\
	((unsigned long)(len) & IOCPARM_MASK) << IOCPARM_SHIFT | \\
	(unsigned long)(group) << IOCGROUP_SHIFT | (unsigned long)(num))
#define	_IO(g, n)	_IOC(IOC_VOID, (g), (n), 0)
#define	_IOR(g, n, t)	_IOC(IOC_OUT, (g), (n), sizeof(t))
#define	_IOW(g, n, t)	_IOC(IOC_IN, (g), (n), sizeof(t))
#define	_IOWR(g, n, t)	_IOC(IOC_INOUT, (g), (n), sizeof(t))
""",
    "signal.h": """
#define	sigmask(n)	(1u << (((n) - 1) & 31))
""",
    "wait.h": """
#define	WSTATUS(x)	((x) & 0177)
#define	WIFEXITED(x)	(WSTATUS(x) == 0)
#define	WEXITSTATUS(x)	(((unsigned)(x) >> 8) & 0xff)
#define	WIFSIGNALED(x)	(WSTATUS(x) != 0 && WSTATUS(x) != 0177)
#define	WTERMSIG(x)	WSTATUS(x)
#define	WIFSTOPPED(x)	(WSTATUS(x) == 0177)
#define	WSTOPSIG(x)	(((unsigned)(x) >> 8) & 0xff)
#define	WCOREDUMP(x)	((x) & WCOREFLAG)
#define	W_EXITCODE(ret, sig)	((ret) << 8 | (sig))
""",
    "disk.h": """
struct disk_strategy {
	char dks_name[DK_STRATEGYNAMELEN];
	char *dks_param;
	size_t dks_paramlen;
};
""",
    "module.h": """
typedef struct modstat modstat_t;
typedef struct modctl_load modctl_load_t;
""",
    "socket.h": """
#define	CMSG_ALIGN(n)	(((n) + sizeof(long) - 1) & ~(sizeof(long) - 1))
""",
}

ALIASES = {"stat.h": "sys/stat.h", "sysctl.h": "sys/sysctl.h",
           "disklabel.h": "sys/disklabel.h", "ktrace.h": "sys/ktrace.h",
           "signal.h": "sys/signal.h"}


def types_header(facts, em):
    out = []
    width = 0
    for base, name in TYPEDEFS:
        if name == "tcflag_8_t":
            continue
        out.append("typedef %s %s;" % (base, name))
    out += ["#ifdef __LP64__", "typedef int64_t register_t;", "#else",
            "typedef int32_t register_t;", "#endif",
            "typedef uint32_t tcflag_t;", "typedef uint8_t cc_t;",
            "typedef uint32_t speed_t;", ""]
    for tag in TYPES_STRUCTS:
        if tag in facts.structs:
            out += em.whole(tag, "types.h")
            if tag == "struct fd_set":
                out += ["typedef struct fd_set fd_set;", ""]
            if tag == "struct uuid":
                out += ["typedef struct uuid uuid_t;", ""]
    out += ["#define	FD_SETSIZE	256",
            "#define	FD_SET(n, p)	((p)->fds_bits[(n) / 32] |= "
            "1u << ((n) % 32))",
            "#define	FD_CLR(n, p)	((p)->fds_bits[(n) / 32] &= "
            "~(1u << ((n) % 32)))",
            "#define	FD_ISSET(n, p)	((p)->fds_bits[(n) / 32] >> "
            "((n) % 32) & 1u)", ""]
    out += EXTRA["types.h"].strip("\n").split("\n")
    write(os.path.join(NETBSD, "types.h"), wrap(
        "types.h", "NetBSD's types, and the structures that many need.",
        out, ["<stdbool.h>", "<stddef.h>", "<stdint.h>"]))


def plain_header(facts, seen, em, name, spec):
    what, includes, sources, structs = spec
    out = []
    for source, want, reject, style in sources:
        constants(facts, seen, out, name, source, want, style, reject,
                  guard=name == "limits.h")
    if name == "disklabel.h":
        out += disk_types(facts)
    for tag in structs:
        if tag not in facts.structs:
            print("no facts: %s" % tag, file=sys.stderr)
            continue
        if tag in em.done:
            continue
        try:
            out += em.whole(tag, name)
        except SystemExit as e:
            print(e, file=sys.stderr)
            continue
    if name in ALIASES:
        late = []
        for r in facts.aliases:
            if r["header"] == ALIASES[name] and (
                    r["macro"].startswith(("st_", "su", "sy", "d_", "p_",
                                           "ktr_", "sa_"))):
                old = (r["macro"].startswith("st_")
                       and r["macro"].endswith("spec"))
                (late if old else out).append(
                    tabbed(r["macro"], r["member_path"]))
        if late:
            out += ["", "/* True members of the older struct stats. */",
                    "#ifndef NETBSD_OLD_STATS"] + late + ["#endif"]
        out.append("")
    out += EXTRA.get(name, "").strip("\n").split("\n")
    # what is only pointed at may be declared nowhere else
    text = "\n".join(out)
    fwd = sorted(t for t in set(re.findall(r"\b(struct \w+) \*", text)))
    fwd = [t + ";" for t in fwd if t not in em.done
           or em.done[t] == name]
    write(os.path.join(NETBSD, name),
          wrap(name, what, (fwd + [""] if fwd else []) + out, includes))


def disk_types(facts):
    """The names of disk types and of partitions' file systems."""
    def text(t):
        return '"%s"' % t if t else "NULL"
    out = ["/*",
           " * What tools call them: X(number, name), and for file systems"
           " X(number, name,",
           " * fsck's name, mount's name), NULL where they have none.",
           " */"]
    kinds = collections.OrderedDict()
    for r in facts.disktypes:
        kinds.setdefault(r["const"].split("_")[0], []).append(r)
    for kind, rows in kinds.items():
        cells = []
        for r in rows:
            t = [r["number"], text(r["name"])]
            if kind == "FS":
                t += [text(r["fsck_name"]), text(r["mount_name"])]
            cells.append("\tX(%s)" % ", ".join(t))
        out += ["#define\t%sTYPE_NAMES(X) \\" % kind.replace("DKTYPE",
                                                            "DK")]
        out += [c + " \\" for c in cells[:-1]] + cells[-1:] + [""]
    return out


def errno_header(facts):
    out = []
    for r in facts.errno:
        if not re.fullmatch(r"E\w+", r["name"]):
            continue
        n = r["number"]
        out.append(tabbed(r["name"], "(%s)" % n if n[0] == "-" else n)
                   + ("\t/* %s */" % (r["strerror"] or r["note"])
                      if r["strerror"] or r["note"] else ""))
    write(os.path.join(NETBSD, "errno.h"),
          wrap("errno.h", "NetBSD's error numbers.", out))


def main(facts):
    seen = Seen()
    em = Emitter(facts)
    types_header(facts, em)
    errno_header(facts)
    order = ["ucred.h"] + [h for h in HEADERS if h != "ucred.h"]
    for name in order:
        plain_header(facts, seen, em, name, HEADERS[name])
    for f in (syscall_headers, public_headers, names_source, ffs_header,
              abi_test):
        f(facts, seen, em)


# ---------------------------------------------------------------- syscalls


def argument_type(text, em):
    """C type of a system call's argument, in our kernel."""
    text = text.replace("*const *", "* const *")
    text = text.replace(" **", " * *")
    known = {"siginfo_t": "void", "stack_t": "struct sigaltstack",
             "cpuset_t": "void", "unsigned": "unsigned int",
             "quad_t": "int64_t", "u_int": "unsigned int",
             "u_long": "unsigned long"}
    for old, new in known.items():
        text = re.sub(r"\b%s\b(?! int)" % old, new, text)
    return text


def parse_args(row):
    out = []
    for part in row["args"].split(";"):
        part = part.strip()
        if not part or part == "void":
            continue
        m = re.fullmatch(r"(.*?[\s*\]])\s*(\w+)", part)
        out.append((m.group(1).strip(), m.group(2)))
    return out


def syscall_headers(facts, seen, em):
    rows = [r for r in facts.syscalls if r["number"].isdigit()]
    out = []
    done = set()
    for r in rows:
        c = r["sys_const"]
        if c and c not in done and c != "SYS_MAXSYSARGS":
            done.add(c)
            out.append(tabbed(c, r["number"]))
    out += [tabbed("SYS_MAXSYSCALL", "512"), tabbed("SYS_MAXSYSARGS", "8"),
            ""]
    out += ["/*",
            " * Every number that has a call: X(number, name, argsize,"
            " nargs, flags). The size",
            " * is this machine's; flags: SYSF_NOERR (returns a value, never"
            " fails),",
            " * SYSF_COMPAT (of an older NetBSD), SYSF_RUMP (a rump kernel"
            " has it).",
            " */",
            "#define	SYSF_NOERR	0x1",
            "#define	SYSF_COMPAT	0x2",
            "#define	SYSF_RUMP	0x4",
            "#define	SYSF_MODULE	0x8	/* but by a module only */",
            "#define	SYSF_VFS	0x10	/* by the faction vfs */",
            "#define	SYSF_NET	0x20	/* by the faction net */"]
    table = []
    taken = set()
    for r in rows:
        if r["number"] in taken or not r["name"]:
            continue
        if r["kind"] in ("OBSOL", "UNIMPL", "EXCL", "IGNORED"):
            continue
        taken.add(r["number"])
        flags = []
        if r["kind"] == "NOERR":
            flags.append("SYSF_NOERR")
        if r["kind"].startswith("COMPAT"):
            flags.append("SYSF_COMPAT")
        if r["rump"]:
            flags.append("SYSF_RUMP")
            if not r["rump_provider"]:
                flags.append("SYSF_MODULE")
        if r["rump_provider"] in ("vfs", "net"):
            flags.append("SYSF_" + r["rump_provider"].upper())
        name = r["alias"] or r["name"]
        if r["sys_const"].startswith("SYS_") and \
                r["sys_const"] != "SYS_MAXSYSARGS":
            name = r["sys_const"][4:]
        a, i = r["argsize_amd64"] or "0", r["argsize_i386"] or "0"
        size = a if a == i else "SYS_SIZE(%s, %s)" % (a, i)
        nargs = str(len(parse_args(r)))
        if a == "0" and i != "0":
            nargs = "SYS_SIZE(0, %s)" % nargs
        table.append("\tX(%s, %s, %s, %s, %s)" % (
            r["number"], name, size, nargs, " | ".join(flags) or "0"))
    out += ["#ifdef __LP64__", "#define	SYS_SIZE(amd64, i386)	amd64",
            "#else", "#define	SYS_SIZE(amd64, i386)	i386", "#endif",
            "#define	SYSCALL_TABLE(X) \\"]
    out.append(" \\\n".join(table))
    write(os.path.join(NETBSD, "syscall.h"),
          wrap("syscall.h", "System call numbers and their table.", out))

    out = ["/*",
           " * The argument block of a call as it travels: each argument in"
           " a slot of a",
           " * register's size, or two of them for 64 bits on i386.",
           " */",
           "#define	syscallarg(type)	union { register_t pad;"
           " type datum; }",
           "#define	SCARG(uap, field)	((uap)->field.datum)", ""]
    body = []
    structs = set()
    taken = {}
    asserts = []
    for r in rows:
        tag = r["args_struct"]
        args = parse_args(r)
        if not tag or not args or tag in taken:
            continue
        taken[tag] = r
        body.append("struct %s {" % tag)
        for text, name in args:
            m = re.fullmatch(r"(.*)\[SYS_MAXSYSARGS\]", text)
            if m:
                body.append("\tregister_t %s[SYS_MAXSYSARGS];" % name)
                continue
            ct = argument_type(text, em)
            for t in re.findall(r"(?:struct|union) \w+", ct):
                structs.add(t)
            body.append("\tsyscallarg(%s) %s;" % (ct, name))
        body += ["};", ""]
        a, i = r["argsize_amd64"], r["argsize_i386"]
        if not a:
            body[-1:] = ["#ifndef __LP64__", "_Static_assert(sizeof(struct "
                         "%s) == %s, \"%s\");" % (tag, i, tag), "#endif",
                         ""]
            continue
        body.insert(len(body) - 1,
                    "_Static_assert(sizeof(struct %s) == SYS_SIZE(%s, %s),"
                    "\n    \"%s\");" % (tag, a, i, tag))
    fwd = [t + ";" for t in sorted(structs)]
    write(os.path.join(NETBSD, "syscallargs.h"),
          wrap("syscallargs.h", "The argument blocks of the system calls.",
               fwd + [""] + out + body,
               ["<netbsd/types.h>", "<netbsd/syscall.h>"]))


# ---------------------------------------------------------------- public

PUBLIC = [("sys/fcntl.h", "O_.*|F_(DUPFD|GETF|SETF|GETL|SETL|CLOSEM|MAXFD|"
           "RDLCK|UNLCK|WRLCK|GETOWN|SETOWN).*|AT_.*|LOCK_.*|FD_CLOEXEC|"
           "POSIX_FADV_.*|SEEK_.*", "O_MASK|O_ALT_IO", "hex"),
          ("sys/stat.h", "S_.*", "S_ARCH.*", "oct"),
          ("sys/stat.h", "[US]F_.*|UTIME_.*", None, "hex"),
          ("sys/fstypes.h", "MNT_.*", None, "hex"),
          ("sys/statvfs.h", "ST_(NO)?WAIT", None, "hex"),
          ("sys/unistd.h", "._OK|_PC_.*", None, "auto"),
          ("sys/reboot.h", "RB_.*", None, "hex"),
          ("sys/module.h", "MODCTL_.*", None, "auto"),
          ("sys/time.h", "CLOCK_.*|ITIMER_.*|TIMER_.*", None, "hex"),
          ("sys/poll.h", "POLL.*", None, "hex"),
          ("sys/event.h", "EVFILT_.*|EV_.*|NOTE_.*", None, "auto"),
          ("sys/resource.h", "RLIMIT_.*|RLIM_INFINITY", None, "auto"),
          ("sys/socket.h", "AF_.*|PF_.*|SOCK_.*|SO_.*|SOL_.*|MSG_.*|"
           "SHUT_.*", None, "auto"),
          ("sys/filio.h", "FIO.*", None, "auto"),
          ("sys/dkio.h", "DIOC.*", None, "auto"),
          ("sys/ttycom.h", "TIOC[GS](WINSZ|ETA.*|PGRP)", None, "auto")]


def public_headers(facts, seen, em):
    out = []
    mine = Seen()
    for source, want, reject, style in PUBLIC:
        constants(facts, mine, out, "rumpdefs.h", source, want, style,
                  reject)
    out = [re.sub(r"^#(define\t|ifndef )(\w+)", r"#\1RUMP_\2", line)
           if "__LP64__" not in line else line for line in out]
    write(os.path.join(RUMP, "rumpdefs.h"), wrap(
        "rumpdefs.h", "NetBSD's constants, named so that they go beside"
        " the host's.", out).replace("NETBSD_", "RUMP_"))
    out = []
    for r in facts.errno:
        if re.fullmatch(r"E\w+", r["name"]) and r["number"][0] != "-":
            out.append(tabbed("RUMP_" + r["name"], r["number"]))
    write(os.path.join(RUMP, "rumperr.h"), wrap(
        "rumperr.h", "NetBSD's error numbers, beside the host's.",
        out).replace("NETBSD_", "RUMP_"))
    public_calls(facts, em)
    calls_source(facts)


HOST = {"off_t": "int64_t", "dev_t": "uint64_t", "socklen_t": "uint32_t",
        "clockid_t": "int", "timer_t": "int32_t", "u_long": "unsigned long",
        "u_int": "unsigned int", "fd_set": "void", "sigset_t": "void"}


def rump_calls(facts):
    """(row, return type, symbol, arguments) of what a rump kernel has."""
    done = set()
    for r in facts.syscalls:
        if not r["rump"] or not r["rump_symbol"]:
            continue
        if r["rump_symbol"] in done:
            continue
        done.add(r["rump_symbol"])
        args = [(t, n) for t, n in parse_args(r) if n != "PAD"]
        yield r, r["return_type"], r["rump_symbol"], args


def public_calls(facts, em):
    out, structs = [], set()
    for r, ret, symbol, args in rump_calls(facts):
        name = r["rump_public_name"]
        if not name:
            continue

        def host(t):
            for old, new in HOST.items():
                t = re.sub(r"\b%s\b" % old, new, t)
            return t

        def spaced(t):
            return re.sub(r"\s*\*\s*$", " *", t)
        types = [spaced(host(t)) for t, _ in args]
        if symbol == "rump_sys_pipe":
            types = ["int *"]
        if "VARARGS" in r["flags"]:
            types[-1] = "..."
        for t in types:
            structs.update(re.findall(r"struct \w+", t))
        rename = ("" if symbol == name
                  else " RUMP_RENAME(%s)" % symbol)
        out += fold("%s %s(%s)%s;" % (host(ret), name,
                                      ", ".join(types) or "void", rename))
    head = [t + ";" for t in sorted(structs)]
    head += ["", "/*",
             " * The system calls of the current kernel and process: -1 with"
             " errno set to",
             " * NetBSD's error number, or the result. Structures and"
             " constants are NetBSD's",
             " * (<rump/rumpdefs.h>), not the host's. A symbol carries the"
             " version of the call.",
             " */",
             "#define	RUMP_RENAME(symbol)	__asm__(#symbol)", "",
             "#ifdef __cplusplus", 'extern "C" {', "#endif", ""]
    tail = ["", "#ifdef __cplusplus", "}", "#endif"]
    write(os.path.join(RUMP, "rump_syscalls.h"), wrap(
        "rump_syscalls.h", "A rump kernel's system calls.",
        head + out + tail, ["<sys/types.h>", "<stdint.h>"]).replace(
            "NETBSD_", "RUMP_").replace(
            # a program may have NetBSD's types instead of the host's
            "#include <sys/types.h>", "#ifndef NETBSD_TYPES_H\n"
            "#include <sys/types.h>\n#endif"))


def fold(line):
    """At most 80 columns, continued by four spaces."""
    out = []
    while len(line) > 79:
        cut = max(line.rfind(", ", 0, 79) + 1, line.rfind(") R", 0, 79) + 1)
        if cut <= 4:
            cut = line.rfind(" ", 0, 79)
        if cut <= 4:
            break
        out.append(line[:cut])
        line = "    " + line[cut:].strip()
    return out + [line]


CALLS = """
/*
 * Each function lays its arguments out as the call's block has them and hands
 * it to the current kernel; what a slot has beside its datum is zero. The
 * symbols carry the version of the call, the public names are given to them by
 * <rump/rump_syscalls.h>, which is not for this file: it goes with the host's
 * types.
 */
#define	PUBLIC	__attribute__((visibility("default")))

/* A result of the size of two registers, where it is one. */
static int64_t
wide(const register_t rv[2])
{
	if (sizeof(register_t) == sizeof(int64_t))
		return rv[0];
	return (int64_t)((uint64_t)(uint32_t)rv[1] << 32 | (uint32_t)rv[0]);
}

/* Makes a call that may fail: whether it did. */
static int
failed(int number, const void *args, size_t size, register_t rv[2])
{
	int error = rump_syscall(number, args, size, rv);

	if (error)
		rump_seterrno(error);
	return error != 0;
}

/* What the kinds of calls do with their result. */
#define	STD(type, number, args, size) \\
	register_t rv[2] = { 0, 0 }; \\
	return failed(number, args, size, rv) ? (type)-1 : (type)rv[0]
#define	WIDE(type, number, args, size) \\
	register_t rv[2] = { 0, 0 }; \\
	return failed(number, args, size, rv) ? (type)-1 : (type)wide(rv)
/* cannot fail: the value; but a kernel that is gone answers nothing */
#define	NOERR(type, number, args, size) \\
	register_t rv[2] = { 0, 0 }; \\
	(void)rump_syscall(number, args, size, rv); \\
	return (type)rv[0]
/* the value is an error number */
#define	ERRVAL(type, number, args, size) \\
	register_t rv[2] = { 0, 0 }; \\
	int error = rump_syscall(number, args, size, rv); \\
	return error ? error : (type)rv[0]
#define	VOID(type, number, args, size) \\
	register_t rv[2] = { 0, 0 }; \\
	(void)rump_syscall(number, args, size, rv)

#define	CALL0(kind, type, symbol, number) \\
PUBLIC type symbol(void); \\
type \\
symbol(void) \\
{ \\
	kind(type, number, NULL, 0); \\
}

#define	BLOCK(tag) \\
	struct tag block; \\
	memset(&block, 0, sizeof(block))
#define	SET(name)	SCARG(&block, name) = name
"""


def calls_source(facts):
    out = CALLS.strip("\n").split("\n")
    most = 0
    body = []
    variadic = []
    for r, ret, symbol, args in rump_calls(facts):
        number = r["sys_const"]
        if number == "SYS_MAXSYSARGS" or not number:
            number = r["number"]
        errval = r["kind"] == "NOERR" and args
        kind = ("VOID" if ret == "void" else "ERRVAL" if errval else
                "NOERR" if r["kind"] == "NOERR" else
                "WIDE" if ret in ("off_t", "quad_t") else "STD")
        if symbol == "rump_sys_pipe":
            continue
        if not args:
            body.append("CALL0(%s, %s, %s, %s)" % (kind, ret, symbol,
                                                   number))
            continue
        if "VARARGS" in r["flags"]:
            variadic.append((r, ret, symbol, args, number))
            continue
        most = max(most, len(args))
        cells = []
        for t, n in args:
            cells.append(argument_type(t, None) + ", " + n)
        body += fold("CALL%d(%s, %s, %s, %s, %s, %s)" % (
            len(args), kind, ret, symbol, number, r["args_struct"],
            ", ".join(cells)))
    for n in range(1, most + 1):
        params = ", ".join("t%d, n%d" % (i, i) for i in range(1, n + 1))
        decl = ", ".join("t%d n%d" % (i, i) for i in range(1, n + 1))
        sets = " ".join("SET(n%d);" % i for i in range(1, n + 1))
        macro = ["#define	CALL%d(kind, type, symbol, number, tag, %s)"
                 % (n, params),
                 "PUBLIC type symbol(%s);" % decl, "type",
                 "symbol(%s)" % decl, "{", "	BLOCK(tag);", "	" + sets,
                 "	kind(type, number, &block, sizeof(block));", "}"]
        lines = []
        for m in macro:
            lines += fold(m)
        out += [""] + [m + " \\" for m in lines[:-1]] + [lines[-1]]
    out += [""] + body + [""]
    for r, ret, symbol, args, number in variadic:
        last_type, last = args[-1]
        last_type = argument_type(last_type, None)
        fixed = ", ".join(
            "%s%s%s" % (argument_type(t, None), "" if t.endswith("*")
                        else " ", n) for t, n in args[:-1])
        is_open = last == "mode"
        flags = args[-2][1]
        out.append("PUBLIC %s %s(%s, ...);" % (ret, symbol, fixed))
        out += [ret, "%s(%s, ...)" % (symbol, fixed), "{",
                "	va_list ap;"]
        out += ["	BLOCK(%s);" % r["args_struct"], ""]
        out += ["	va_start(ap, %s);" % args[-2][1]]
        out += ["	SET(%s);" % n for _, n in args[:-1]]
        if is_open:
            out += ["	if (%s & O_CREAT)" % flags,
                    "		SCARG(&block, mode) = va_arg(ap, mode_t);"]
        else:
            out += ["	SCARG(&block, %s) = va_arg(ap, void *);" % last]
        out += ["	va_end(ap);", "	{", "		STD(%s, %s, &block,"
                " sizeof(block));" % (ret, number), "	}", "}", ""]
    out += """/* The two descriptors come in the two registers of the result. */
PUBLIC int rump_sys_pipe(int *);
int
rump_sys_pipe(int *fds)
{
	register_t rv[2] = { 0, 0 };

	if (failed(SYS_pipe, NULL, 0, rv))
		return -1;
	fds[0] = (int)rv[0];
	fds[1] = (int)rv[1];
	return 0;
}""".split("\n")
    head = [SPDX.rstrip(), comment("The system calls of <rump/rump_syscalls.h>."),
            "#include <netbsd/types.h>", "#include <netbsd/fcntl.h>",
            "#include <netbsd/syscall.h>", "#include <netbsd/syscallargs.h>",
            "#include <stdarg.h>", "#include <string.h>",
            '#include "rump/implicit.h"', ""]
    write(os.path.join(MAIN, "c/rump/syscalls.c"),
          "\n".join(head + out) + "\n")


# ---------------------------------------------------------------- names


def quoted(text):
    return '"%s"' % text.replace("\\", "\\\\").replace('"', '\\"')


def names_source(facts, seen, em):
    body = """#define	RUMPRUN_NAMES	__attribute__((visibility("default")))

/*
 * The name of an error ("ENOENT") and NetBSD's text for it ("No such file or
 * directory"); of either sign. NULL and "Unknown error" for other numbers.
 */
RUMPRUN_NAMES const char *rumprun_errname(int error);
RUMPRUN_NAMES const char *rumprun_strerror(int error);
/* The same text, or "Unknown error: 1234", written to buf; returns buf. */
RUMPRUN_NAMES char *rumprun_strerror_r(int error, char *buf, size_t size);
/*
 * A signal's name ("HUP") and text ("Hangup"); NULL and "Unknown signal". The
 * number of a name with or without SIG in front, in either case: 0 for none.
 */
RUMPRUN_NAMES const char *rumprun_signame(int signo);
RUMPRUN_NAMES const char *rumprun_strsignal(int signo);
RUMPRUN_NAMES int rumprun_signumber(const char *name);""".split("\n")
    write(os.path.join(NETBSD, "errnames.h"), wrap(
        "errnames.h", "Names and texts of errors and signals.", body,
        ["<stddef.h>"]))
    out = [SPDX.rstrip(), comment("Names and texts of errors and signals,"
                                  " as NetBSD's C library has them."),
           "#include <netbsd/errnames.h>", "#include <limits.h>",
           "#include <stdio.h>", "",
           "struct name {", "	const char *name, *text;", "};", "",
           "static const struct name errors[] = {"]
    done = set()
    for r in facts.errno:
        n = int(r["number"])
        if n < 0 or n in done or not r["strerror"]:
            continue
        done.add(n)
        name = r["name"] if re.fullmatch(r"E\w+", r["name"]) else None
        out.append("	[%d] = { %s, %s }," % (
            n, quoted(name) if name else "NULL", quoted(r["strerror"])))
    out += ["};", "#define	NERRORS	(sizeof(errors) / sizeof(errors[0]))",
            "", "static const struct name signals[] = {"]
    for r in facts.signals:
        n = int(r["number"])
        has = n > 0 and r["signame"]
        out.append("	[%d] = { %s, %s }," % (
            n, quoted(r["signame"]) if has else "NULL",
            quoted(r["strsignal"])))
    out += """};
#define	NSIGNALS	(sizeof(signals) / sizeof(signals[0]))

static const struct name *
find_error(int error)
{
	/* both signs; -INT_MIN would overflow */
	if (error < 0)
		error = error == INT_MIN ? INT_MAX : -error;
	if ((size_t)error >= NERRORS || errors[error].text == NULL)
		return NULL;
	return &errors[error];
}

const char *
rumprun_errname(int error)
{
	const struct name *n = find_error(error);

	return n != NULL ? n->name : NULL;
}

const char *
rumprun_strerror(int error)
{
	const struct name *n = find_error(error);

	return n != NULL ? n->text : "Unknown error";
}

char *
rumprun_strerror_r(int error, char *buf, size_t size)
{
	const struct name *n = find_error(error);

	if (n != NULL)
		snprintf(buf, size, "%s", n->text);
	else
		snprintf(buf, size, "Unknown error: %u",
		    error < 0 ? -(unsigned)error : (unsigned)error);
	return buf;
}

static const struct name *
find_signal(int signo)
{
	if (signo < 0 || (size_t)signo >= NSIGNALS)
		return NULL;
	return signals[signo].text != NULL ? &signals[signo] : NULL;
}

const char *
rumprun_signame(int signo)
{
	const struct name *n = find_signal(signo);

	return n != NULL ? n->name : NULL;
}

const char *
rumprun_strsignal(int signo)
{
	const struct name *n = find_signal(signo);

	return n != NULL ? n->text : "Unknown signal";
}

static int
upper(char c)
{
	return c >= 'a' && c <= 'z' ? c - 'a' + 'A' : (unsigned char)c;
}

static int
same(const char *a, const char *b)
{
	while (*a != '\\0' && upper(*a) == upper(*b))
		a++, b++;
	return upper(*a) == upper(*b);
}

int
rumprun_signumber(const char *name)
{
	if (upper(name[0]) == 'S' && upper(name[1]) == 'I' &&
	    upper(name[2]) == 'G')
		name += 3;
	for (size_t i = 1; i < NSIGNALS; i++)
		if (signals[i].name != NULL && same(signals[i].name, name))
			return (int)i;
	return 0;
}""".split("\n")
    write(os.path.join(MAIN, "c/kern/errnames.c"), "\n".join(out) + "\n")


# ---------------------------------------------------------------- disk

# structure: (macro, prefix of its offsets)
DISK = collections.OrderedDict([
    ("struct fs", ("FFS_SUPERBLOCK_FIELDS", "FS")),
    ("struct cg", ("FFS_CG_FIELDS", "CG")),
    ("struct csum", ("FFS_CSUM_FIELDS", "CSUM")),
    ("struct csum_total", ("FFS_CSUM_TOTAL_FIELDS", "CSUM_TOTAL")),
    ("struct ufs1_dinode", ("UFS1_DINODE_FIELDS", "UFS1")),
    ("struct ufs2_dinode", ("UFS2_DINODE_FIELDS", "UFS2")),
    ("struct direct", ("UFS_DIRECT_FIELDS", "DIRECT")),
    ("struct appleufslabel", ("APPLEUFS_LABEL_FIELDS", "APPLEUFS")),
    ("struct wapbl_wc_null", ("WAPBL_WC_NULL_FIELDS", "WC_NULL")),
    ("struct wapbl_wc_header", ("WAPBL_WC_HEADER_FIELDS", "WC_HEADER")),
    ("struct wapbl_wc_blocklist", ("WAPBL_WC_BLOCKLIST_FIELDS",
                                   "WC_BLOCKLIST")),
    ("struct wapbl_wc_inodelist", ("WAPBL_WC_INODELIST_FIELDS",
                                   "WC_INODELIST")),
    ("struct dqblk", ("UFS_DQBLK_FIELDS", "DQBLK")),
    ("struct quota2_header", ("UFS_QUOTA2_HEADER_FIELDS", "Q2H")),
    ("struct quota2_entry", ("UFS_QUOTA2_ENTRY_FIELDS", "Q2E")),
])


def disk_fields(facts, tag):
    """(name, offset, size, count, signed) of what is on the medium."""
    for r in facts.ondisk:
        if r["struct"] != tag or not r["fs"].startswith("FFS"):
            continue
        if r["arch"] not in ("both", "amd64") or not r["field"]:
            continue
        if r["fs"].startswith("LFS"):
            continue
        m = re.fullmatch(r"([iu])(\d+)((?:\[\d+\])*)", r["base"])
        if not m:
            continue
        size, count = int(m.group(2)) // 8, 1
        for d in re.findall(r"\d+", m.group(3)):
            count *= int(d)
        if not count:
            continue
        name = r["field"]
        # an element of a list that follows: offset within the element
        name = re.sub(r"\[0\]", "", name)
        parts = name.split(".")
        if len(parts) > 1:
            name = "_".join([parts[0]] + [re.sub(
                r"^(cs|wc|q2v|q2e)_", "", p) for p in parts[1:]])
        yield (name, int(r["offset"]), size, count,
               1 if m.group(1) == "i" else 0)


def ffs_header(facts, seen, em):
    out = []
    mine = Seen()
    for source, want, reject in [
            ("ufs/ffs/fs.h", None, "BBOFF|NOCSPTRS|MAXFRAG"),
            ("ufs/ufs/dinode.h", None, "I[A-Z]+"),
            ("ufs/ufs/dir.h", None, "DT_.*"),
            ("ufs/ufs/ufs_wapbl.h", None, None),
            ("sys/wapbl_replay.h", "WAPBL_.*", None),
            ("ufs/ufs/quota.h", None, None),
            ("ufs/ufs/quota1.h", "MAX_.*", None),
            ("ufs/ufs/quota2.h", None, None)]:
        constants(facts, mine, out, "ffs.h", source, want, "auto", reject)
    search = [r["value"] for r in facts.lists
              if r["list"] == "SBLOCKSEARCH"]
    out += ["#ifndef MAXFRAG", tabbed("MAXFRAG", "8"), "#endif",
            "/* where a superblock is looked for, in this order */",
            tabbed("SBLOCKSEARCH", "{ %s }" % ", ".join(search)), "",
            "/*", " * What is on the medium: X(name, offset, size, count,"
            " is_signed): size of one",
            " * element and their number. Bytes that no field names (the"
            " superblock has room",
            " * for pointers in memory) are kept as they are. All are in one"
            " byte order, told",
            " * by the magic number. Fields after a record's fixed part are"
            " its first entry.",
            " */"]
    sizes = []
    for tag, (macro, prefix) in DISK.items():
        lines = ["#define	%s(X) \\" % macro]
        rows = ["	X(%s, %d, %d, %d, %d)" % f
                for f in disk_fields(facts, tag)]
        lines += [r + " \\" for r in rows[:-1]] + rows[-1:]
        out += lines + [""]
        size = [r["size"] for r in facts.ondisk
                if r["struct"] == tag and not r["field"]
                and r["fs"].startswith("FFS")]
        sizes.append(tabbed(prefix + "_DISK_SIZE", size[0]))
    out += ["/* bytes of each, without lists that follow */"] + sizes
    out += ["", "/* FS_OFF(fs_magic), UFS1_OFF(di_mode), ...: offsets */"]
    for tag, (macro, prefix) in DISK.items():
        out += ["#define	%s_OFF_(n, off, s, c, g)	"
                "%s_OFF_##n = off," % (prefix, prefix),
                "enum { %s(%s_OFF_) };" % (macro, prefix),
                "#define	%s_OFF(n)	%s_OFF_##n" % (prefix, prefix)]
    write(os.path.join(NETBSD, "ffs.h"), wrap(
        "ffs.h", "The fast file system on the disk: constants and places of"
        " fields.", out, ["<netbsd/types.h>"]))


# ---------------------------------------------------------------- test


def abi_test(facts, seen, em):
    headers = sorted(f for f in os.listdir(NETBSD) if f.endswith(".h"))
    lines = []
    for tag, header in em.done.items():
        if tag not in facts.structs:
            continue
        first = facts.structs[tag][0]["header"]
        rows = [r for r in facts.structs[tag] if r["header"] == first]
        both = {}
        for r in rows:
            f = r["field"]
            if r["bits"] or "." in f or "[" in f:
                continue
            archs = (("amd64", "i386") if r["arch"] == "both"
                     else (r["arch"],))
            for a in archs:
                both.setdefault(f, {})[a] = r
        for f, d in both.items():
            if "amd64" not in d or "i386" not in d:
                continue
            if f:
                lines.append("FIELD(%s, %s, %s, %s)" % (
                    tag, f, d["amd64"]["offset"], d["i386"]["offset"]))
            else:
                lines.append("SIZE(%s, %s, %s)" % (
                    tag, d["amd64"]["size"], d["i386"]["size"]))
    text = [SPDX.rstrip(), comment("Sizes, and places of fields, on amd64 and"
                                   " i386.")] + lines + [""]
    test = os.path.join(ROOT, "rumprun-kernel/src/test/c")
    write(os.path.join(test, "abi_layout.h"), "\n".join(text))
    ioctls = []
    known = {t for t in em.done} | {"struct disk_strategy"}
    basic = {"int", "unsigned int", "off_t", "u_int", "long"}
    names = set()
    for name, (_, _, sources, _) in HEADERS.items():
        if name != "ioctl.h":
            continue
        for source, want, reject, _ in sources:
            for n, d in facts.constants.get(source, {}).items():
                if "both" not in d and len(d) < 2:
                    continue
                if (not want or re.fullmatch(want, n)) and not (
                        reject and re.fullmatch(reject, n)):
                    names.add(n)
    for r in facts.ioctls:
        t = r["arg_type"]
        if r["name"] not in names or len(r["group_char"]) != 1:
            continue
        d = {"R": "R", "W": "W", "RW": "WR"}.get(r["direction"])
        if r["direction"] == "V":
            ioctls.append("IOCTL(%s, _IO('%s', %s))" % (
                r["name"], r["group_char"], r["number"]))
        elif d and (t in known or t in basic) and "'" != r["group_char"]:
            t = {"u_int": "unsigned int"}.get(t, t)
            ioctls.append("IOCTL(%s, _IO%s('%s', %s, %s))" % (
                r["name"], d, r["group_char"], r["number"], t))
    write(os.path.join(test, "abi_ioctl.h"), "\n".join(
        [SPDX.rstrip(), comment("Requests against their encoding.")] + ioctls + [""]))
    includes = ["#define NETBSD_OLD_STATS"]
    includes += ["#include <netbsd/%s>" % h for h in headers]
    includes += ["#include <limits.h>", "#include <string.h>"]
    write(os.path.join(test, "abi_test.c"), "\n".join(
        [SPDX.rstrip(), comment("The layout of NetBSD's structures is what the"
                                " facts say.")] + includes + """
#ifdef __LP64__
#define	ARCH(amd64, i386)	(amd64)
#else
#define	ARCH(amd64, i386)	(i386)
#endif
#define	SIZE(type, amd64, i386) \\
	_Static_assert(sizeof(type) == ARCH(amd64, i386), #type);
#define	FIELD(type, name, amd64, i386) \\
	_Static_assert(offsetof(type, name) == ARCH(amd64, i386), \\
	    #type "." #name);
#define	IOCTL(name, value) \\
	_Static_assert((name) == (value), #name);

#include "abi_layout.h"
#include "abi_ioctl.h"

_Static_assert(sizeof(off_t) == 8 && sizeof(time_t) == 8 &&
    sizeof(dev_t) == 8 && sizeof(ino_t) == 8 &&
    sizeof(register_t) == ARCH(8, 4), "basic types");
_Static_assert(FS_OFF(fs_magic) == 1372 && FS_DISK_SIZE == 1376, "fs");

/* The table has every call once, in order, with a plausible block. */
#define	CALL(number, name, size, nargs, flags)	{ number, size, nargs, flags },
static const struct { int number, size, nargs, flags; } calls[] = {
	SYSCALL_TABLE(CALL)
};

int
main(void)
{
	int last = -1;

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		if (calls[i].number <= last ||
		    calls[i].number >= SYS_MAXSYSCALL)
			return 1;
		last = calls[i].number;
		if (calls[i].size < 0 || calls[i].size > 80 ||
		    calls[i].size < calls[i].nargs * (int)sizeof(register_t))
			return 2;
	}
	if (makedev(14, 300) != makedev(major(makedev(14, 300)),
	    minor(makedev(14, 300))) || major(makedev(14, 300)) != 14 ||
	    minor(makedev(14, 300)) != 300)
		return 3;
	if (strcmp(rumprun_errname(-ENOENT), "ENOENT") != 0 ||
	    strcmp(rumprun_strerror(EAGAIN),
	    "Resource temporarily unavailable") != 0 ||
	    rumprun_errname(ELAST + 1) != NULL ||
	    rumprun_errname(INT_MIN) != NULL ||
	    rumprun_signumber("sighup") != SIGHUP ||
	    rumprun_signumber("") != 0 || rumprun_signumber("H") != 0 ||
	    rumprun_signame(-1) != NULL || rumprun_signame(NSIG) != NULL)
		return 4;
	return 0;
}
""".split("\n")))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: gen-headers.py FACTS-FOLDER")
    main(Facts(sys.argv[1]))
