/* The pages of files behind links. They run no script, and load nothing from elsewhere. */
#ifndef ROLE_WEB_WEB_FILE_PAGE_H
#define ROLE_WEB_WEB_FILE_PAGE_H

#include "mail/file_link.h"
#include "role/web/web_exchange.h"

/* The file, who put it there, until when, and a button. path: of the octets, escaped. */
void web_file_page(struct web_exchange *e, const struct file_link_file *file, struct view path);

/* There is none (any more); nobody is told why. */
void web_file_page_missing(struct web_exchange *e);

/* Too many fetch files just now. */
void web_file_page_busy(struct web_exchange *e);

#endif
