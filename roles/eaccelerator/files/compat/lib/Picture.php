<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors

declare(strict_types=1);

namespace HaWeb\EAccelerator;

/** Parts of a whole as inline SVG; the style sheet colours the classes, so that no style stands in the page. */
final class Picture
{
    /** @param array<string, int> $parts by class; the classes are ours */
    public static function bar(array $parts, string $label): string
    {
        $x = 0.0;
        $body = '';
        foreach (self::percent($parts) as $class => $width) {
            $body .= sprintf('<rect class="%s" x="%.2F" y="0" width="%.2F" height="8"/>', $class, $x, $width);
            $x += $width;
        }
        return self::svg('bar', '0 0 100 8', $label, $body, ' preserveAspectRatio="none"');
    }

    /** @param array<string, int> $parts by class */
    public static function ring(array $parts, string $label, string $middle): string
    {
        // With this radius the circumference is 100, and a length is a percentage.
        $circle = '<circle class="%s" cx="21" cy="21" r="15.9155" fill="none" stroke-width="5.5"';
        $body = sprintf($circle . '/>', 'track');
        $start = 0.0;
        foreach (self::percent($parts) as $class => $length) {
            $dashes = ' stroke-dasharray="%.2F %.2F" stroke-dashoffset="%.2F"/>';
            $body .= sprintf($circle . $dashes, $class, $length, 100 - $length, 25 - $start);
            $start += $length;
        }
        $place = 'x="21" y="21" text-anchor="middle" dominant-baseline="central"';
        $body .= "<text $place>" . Html::text($middle) . '</text>';
        return self::svg('ring', '0 0 42 42', $label, $body);
    }

    /** @return array<string, float> what is nothing is left out */
    private static function percent(array $parts): array
    {
        $whole = array_sum($parts);
        return array_map(static function (int $part) use ($whole): float {
            return $part * 100 / $whole;
        }, array_filter($parts, static function (int $part): bool {
            return $part > 0;
        }));
    }

    private static function svg(string $class, string $box, string $label, string $body, string $more = ''): string
    {
        $label = Html::text($label);
        return "<svg class=\"$class\" viewBox=\"$box\" role=\"img\" aria-label=\"$label\"$more>$body</svg>";
    }
}
