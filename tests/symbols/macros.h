/* macros.h - what macros.c includes. */
#ifndef MACROS_H
#define MACROS_H
#define FROM_HEADER 17
#define WIDTH(x) ((x) * FROM_HEADER)
#include "start.h"
#endif
