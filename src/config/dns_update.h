/* Lines of settings about a domain's own records, for `postrider dns` and `postrider config check`. */
#ifndef CONFIG_DNS_UPDATE_H
#define CONFIG_DNS_UPDATE_H

#include "format/dns_record.h"

/* dns_updates: "ZONE ADDRESS[@PORT] KEYFILE". Views point into the line. */
struct dns_update {
	char zone[DNS_NAME_SIZE];
	struct view server, key_file;
};

/* 0, or -EINVAL with *problem naming what is wrong with the line (a constant). */
int dns_update_parse(struct view line, struct dns_update *out, const char **problem);

/* bimi: "DOMAIN URL [URL]"; mark is empty without a second one. The same results. */
int bimi_parse(
    struct view line, struct view *domain, struct view *picture, struct view *mark, const char **problem);

#endif
