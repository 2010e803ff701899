/* Files behind links (mail/file_link.h): /file/ID-SECRET is a page, /file/ID-SECRET/NAME the octets. */
#ifndef ROLE_WEB_WEB_FILE_H
#define ROLE_WEB_WEB_FILE_H

#include "role/web/web_exchange.h"

extern const struct web_route web_file_routes[];

#endif
