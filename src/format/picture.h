/*
 * What kind of picture octets are, by how they begin: names and types that somebody says of them are not
 * asked. The kinds are those that browsers show and that hold pixels alone; SVG, which is a program's
 * document, is none of them.
 */
#ifndef FORMAT_PICTURE_H
#define FORMAT_PICTURE_H

#include "base/view.h"

enum picture {
	PICTURE_NONE,
	PICTURE_PNG,
	PICTURE_JPEG,
	PICTURE_GIF,
	PICTURE_WEBP,
	PICTURE_AVIF,
	PICTURE_BMP,
	PICTURE_LAST = PICTURE_BMP
};

/* PICTURE_NONE: of no kind, or too short to tell. */
enum picture picture_kind(struct view octets);

/* "image/png"; of PICTURE_NONE and what is no kind: "application/octet-stream". */
const char *picture_media_type(enum picture kind);

#endif
