/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * npfctl: what its parts share. A configuration goes from text (scan.c, parse.c, rule.c, value.c) through byte code (filter.c, pcap.c,
 * code.c) to a property list (build.c), which the kernel takes and show.c prints.
 */
#ifndef NPFCTL_H
#define NPFCTL_H

#include "iflist.h"
#include "tools.h"
#include <netbsd/bpf.h>
#include <netbsd/npf.h>
#include <rumprun/plist.h>

/* Interface of NPF's byte code: functions, words of memory, result. */
#define COP_L3 0    /* looks at the packet, sets the words */
#define COP_TABLE 1 /* A: the table's number, COP_TABLE_SRC or not */
#define COP_TABLE_SRC 0x80000000U
#define MW_IPVER 0 /* 4 or 6 */
#define MW_L4OFF 1
#define MW_L4PROTO 2
#define CODE_MATCH 0xffffffffU

#define CONF_MAXVALUES 4096   /* of one list */
#define CONF_MAXDEPTH 16      /* groups in groups */
#define CONF_MAXNAMES 4096    /* variables, tables, procedures: of each */
#define CONF_MAXFILE 0x800000 /* bytes of a configuration or a table */

/* --- text being made (text.c) --- */

struct text {
	struct tool *t;
	char *buf; /* NULL: nothing yet */
	size_t len, cap;
};
void text_add(struct text *, const char *fmt, ...) T_PRINTF(2, 3);

/* --- scan.c --- */

enum token {
	T_EOF,
	T_NEWLINE,
	T_WORD,	  /* names, keywords */
	T_STRING, /* in double quotes; str is without */
	T_VAR,	  /* str is without the $ */
	T_NUMBER,
	T_ADDR4,
	T_ADDR6,
	T_TABLE, /* <name>; str is without the brackets */
	T_OUT,	 /* -> */
	T_IN,	 /* <- */
	T_BOTH,	 /* <-> */
	T_CHAR	 /* any other: text[0] */
};

struct scanner {
	struct tool *t;
	const char *name; /* of the file, for messages */
	const char *pos, *end;
	const char *line_start;
	int line;
	/* the token that was read last; `peeked`: not consumed yet */
	bool peeked;
	enum token type;
	char *text, *str;
	int tok_line, tok_col;
};

void scan_init(struct scanner *, struct tool *, const char *name,
    const char *text, size_t len);
enum token scan_peek(struct scanner *);
enum token scan_next(struct scanner *);
/* Of the next token: whether it is that word, or that character; `take`s consume it then. */
bool scan_is(struct scanner *, const char *word);
bool scan_take(struct scanner *, const char *word);
bool scan_is_char(struct scanner *, char);
bool scan_take_char(struct scanner *, char);
void scan_need_char(struct scanner *, char);
/* Where the last token is, and what is wrong there; ends the tool with status 1. */
_Noreturn void scan_error(struct scanner *, const char *fmt, ...) T_PRINTF(2, 3);
/* The same of the next token. */
_Noreturn void scan_syntax_error(struct scanner *);

/* --- value.c: what lists and variables hold --- */

struct npf_addr {
	uint8_t bytes[16];
	uint8_t len;  /* 4 or 16 */
	uint8_t mask; /* bits, or NPF_NO_NETMASK */
};

enum value_type { V_ADDR, V_TABLE, V_NUMBER, V_RANGE, V_WORD, V_STRING };

struct value {
	struct value *next;
	enum value_type type;
	const char *
	    str; /* of words, strings, tables; V_ADDR: the interface that has it, or NULL */
	struct npf_addr addr;
	uint32_t from, to; /* V_NUMBER: from; V_RANGE: both */
};

struct values {
	struct value *head, *last;
	unsigned n;
};

struct table {
	struct table *next;
	const char *name;
	uint32_t id;
};

struct variable {
	struct variable *next;
	const char *name;
	struct values values;
};

struct conf;

/* A copy of a value, at the end. */
struct value *values_add(
    struct tool *, struct values *, const struct value *from);
/* One value or, in braces, several: added to *out. */
void value_list(struct conf *, struct values *out);
/* One value, or the list that a variable is. */
void value_one(struct conf *, struct values *out);
/* The variable that the next token names. */
const struct variable *value_variable(struct conf *);
/* What lists mean in their places; errors are at the last token. */
void value_addresses(struct conf *, struct values *);
void value_ports(struct conf *, struct values *);
/* An interface by name or variable; warns of an unknown one. */
const char *value_interface(struct conf *);
/* Address of 4 or 16 bytes from text with an optional mask. False: none. */
bool addr_parse(struct tool *, const char *s, struct npf_addr *);
/* Sets a mask, by length. False: out of range. */
bool addr_set_mask(struct npf_addr *, const char *bits);
void addr_text(const struct npf_addr *, char out[64]);

/* --- names.c --- */

int proto_by_name(struct tool *, const char *);
const char *proto_name(struct tool *, int proto, char number[16]);
/* Types and codes of ICMP or ICMPv6 by name. -1: unknown. */
int icmp_type_by_name(bool v6, const char *);
int icmp_code_by_name(bool v6, int type, const char *);

/* --- filter.c --- */

struct filter {
	int family; /* 0: either */
	struct values protos;
	bool has_flags, stateful;
	uint8_t flags, flags_mask;
	int icmp_type, icmp_code; /* -1: any */
	struct values from, to, from_ports, to_ports;
	bool from_not, to_not;
	const char *pcap; /* instead of all others */
};

struct filter_code {
	struct bpf_insn *insns; /* NULL: there is nothing to test */
	size_t n;
	const char *info; /* as it is shown */
};

void filter_init(struct filter *);
/* TCP and UDP, where nothing was said and there are ports. */
void filter_with_ports(struct tool *, struct filter *);
/* Errors are at the last token. */
void filter_compile(struct conf *, struct filter *, struct filter_code *);

/* --- code.c: byte code with labels --- */

#define CODE_MAXLABELS 4096
#define CODE_NEXT (-1)

struct code_insn {
	uint16_t code;
	uint32_t k;
	int jt, jf; /* labels */
	bool far;
	uint32_t at;
};

struct code {
	struct tool *t;
	struct code_insn *insns;
	unsigned n, cap;
	int *labels; /* where they are */
	int nlabels;
	bool full; /* something is missing */
};

void code_init(struct code *, struct tool *);
int code_label(struct code *);
void code_place(struct code *, int label);
void code_stmt(struct code *, unsigned code, uint32_t k);
void code_jump(struct code *, unsigned op, uint32_t k, int jt, int jf);
void code_goto(struct code *, int label);
/* Whether a packet of the address's family comes from there, or goes there. */
void code_address(
    struct code *, const struct npf_addr *, bool src, int yes, int no);
/* The program, in the arena. False: it is too long. */
bool code_finish(struct code *, struct bpf_insn **, size_t *);
/* One line a instruction. */
void code_print(struct tool *, const struct bpf_insn *, size_t n);

/* pcap.c: adds the tests of an expression of pcap-filter(7). NULL, or what is wrong with it. */
const char *pcap_compile(
    struct tool *, const char *expr, struct code *, int yes, int no);

/* --- build.c: the property list --- */

struct rule_list {
	struct built_rule {
		struct plist *dict;
		bool group;
		unsigned skip_to;
	} * rules;
	unsigned n, cap;
};

struct conf {
	struct tool *t;
	struct scanner sc;
	struct plist_mem mem;
	struct plist *dict, *tables_list, *rprocs, *nat;
	struct variable *vars;
	unsigned nvars;
	struct table *tables, **tables_end;
	uint32_t ntables;
	bool has_default, in_default;
	/* A rule of the command line: tables and procedures are those of the loaded configuration, once somebody asked. */
	bool dynamic;
	const struct plist *loaded;
	struct rule_list rules, default_rules;
	struct if_entry *ifs;
	bool ifs_known;
};

/* Memory for property lists from a tool's arena. */
void plist_mem_tool(struct plist_mem *, struct tool *);
void conf_init(struct conf *, struct tool *, const char *name, const char *text,
    size_t len);
/* Reads the whole; the property list. Ends the tool when there are errors. */
struct plist *conf_parse(struct conf *);
/* The one rule of `npfctl rule name add ...`. */
struct plist *conf_parse_rule(struct conf *);
const struct if_entry *conf_interfaces(struct conf *);

struct rule_options {
	const char *name, *ifname, *rproc;
	uint32_t attr;
	int prio;
	int line; /* of its text; 0: none */
};
struct plist *build_rule(
    struct conf *, const struct rule_options *, const struct filter_code *);
/* Adds a rule; a group's place is what build_group_end needs. */
unsigned build_add(struct conf *, struct plist *, bool group);
void build_group_end(struct conf *, unsigned place);
void build_table(struct conf *, const char *name, int type, const char *path);
const struct table *build_find_table(struct conf *, const char *name);
bool build_has_rproc(struct conf *, const char *name);
struct plist *build_finish(struct conf *);

/* rule.c */
void parse_rule(struct conf *, bool dynamic, struct plist **out);
void parse_filter(struct conf *, struct filter *);
void parse_group(struct conf *, unsigned depth);
const char *parse_name(struct conf *); /* in double quotes */
/* map.c */
void parse_map(struct conf *);

/* --- show.c --- */

void show_config(struct tool *, const struct plist *);
void show_rule(struct tool *, const struct plist *rule, unsigned level);
/* Every rule and its byte code. */
void show_code(struct tool *, const struct plist *);

/* --- npfctl.c, table.c, dynamic.c, conn.c --- */

/* A whole file (of the kernel; "-" is standard input) in the arena; ends the tool when it cannot be read. */
char *file_read(struct tool *, const char *path, size_t *len);
/* Adds the addresses that a table's file has. */
void table_read(
    struct conf *, struct plist *entries, const char *path, int type);
int table_main(struct tool *, int argc, char **argv);
int rule_main(struct tool *, int argc, char **argv);
int npf_open(struct tool *);
/* Requests that give back a property list, in the arena: 0 or -errno; *answer NULL: none came. */
int npf_request(struct tool *, int fd, unsigned long com,
    const struct plist *request, struct plist **answer);
/* What is loaded, in the arena; ends the tool when the kernel does not tell. */
struct plist *npf_config(struct tool *);
void conn_list(struct tool *, int argc, char **argv);
_Noreturn void npfctl_usage(struct tool *);

#endif
