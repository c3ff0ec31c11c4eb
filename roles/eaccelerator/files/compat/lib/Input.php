<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors

declare(strict_types=1);

namespace HaWeb\EAccelerator;

/** Fields of a request: each is one short string of valid UTF-8, or the request is refused. */
final class Input
{
    public static function text(array $source, string $name, string $default = '', int $limit = 200): string
    {
        $value = $source[$name] ?? $default;
        if (!is_string($value)) {
            throw new BadInput("$name must be given once.");
        }
        if (strlen($value) > $limit) {
            throw new BadInput("$name is longer than $limit bytes.");
        }
        if (preg_match('//u', $value) !== 1 || strpos($value, "\0") !== false) {
            throw new BadInput("$name is not valid UTF-8.");
        }
        return $value;
    }

    /** @param list<string> $choices the first is the default */
    public static function choice(array $source, string $name, array $choices): string
    {
        $value = self::text($source, $name, $choices[0]);
        if (!in_array($value, $choices, true)) {
            throw new BadInput("$name must be one of: " . implode(', ', $choices) . '.');
        }
        return $value;
    }

    /** A page's number from 1; whether there is such a page, the listing knows. */
    public static function page(array $source): int
    {
        $value = self::text($source, 'page', '1');
        if (!ctype_digit($value)) {
            throw new BadInput('page must be a number.');
        }
        return (int) max(1, min((float) $value, 1e6));
    }

    /** @return array{q: string, sort: string, order: string, page: int} */
    public static function listing(array $source): array
    {
        $sort = self::choice($source, 'sort', Listing::COLUMNS);
        return [
            'q' => self::text($source, 'q'),
            'sort' => $sort,
            'order' => self::choice($source, 'order', Listing::orders($sort)),
            'page' => self::page($source),
        ];
    }
}
