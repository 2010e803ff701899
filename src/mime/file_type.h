/* The media type of a file, guessed by its name: for what we attach. */
#ifndef MIME_FILE_TYPE_H
#define MIME_FILE_TYPE_H

#include "base/view.h"

/*
 * "application/pdf" for "Report.PDF"; "application/octet-stream" for a name that says nothing. Never a type
 * that may not be encoded (message/..., multipart/...: RFC 2045 section 6.4), since attachments are written
 * in base64.
 */
const char *file_type_by_name(struct view name);

#endif
