<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors

declare(strict_types=1);

namespace HaWeb\EAccelerator;

/** The control page's HTML. Everything from outside goes through Html; links are relative, for any prefix or tunnel. */
final class Page
{
    private const HEADS = ['path' => 'Script', 'hits' => 'Hits', 'memory' => 'Memory', 'used' => 'Last used'];
    private const WORDS = [
        'used' => 'used',
        'free' => 'free',
        'wasted' => 'wasted',
        'out_of_memory' => 'out of memory',
        'hash_overflow' => 'too many keys',
        'manual' => 'asked for',
    ];

    /** @var string */
    private $own;
    /** @var string */
    private $user;
    /** @var string */
    private $token;
    /** @var int */
    private $now;

    public function __construct(string $own, string $user, string $token, int $now)
    {
        $this->own = $own;
        $this->user = $user;
        $this->token = $token;
        $this->now = $now;
    }

    public static function refusal(string $what): string
    {
        $what = Html::text($what);
        $body = "<main class=\"refusal\"><h1>$what</h1><p><a href=\"?\">Back to the page</a></p></main>";
        return self::document('Refused', $body);
    }

    /**
     * @param array<string, array{0: ?array, 1: string}> $states
     * @param array{0: ?array, 1: string} $scripts
     * @param array<string, string> $done
     */
    public function show(array $states, string $chosen, array $listing, array $scripts, array $done): string
    {
        $own = Html::name($this->own);
        $user = Html::name($this->user);
        $time = Html::time($this->now);
        $again = self::link(['node' => $chosen] + $listing);
        [$state, $reason] = $states[$chosen];
        $body = '<header><h1>Opcode cache</h1><p class="what">OPcache and APCu, in place of eAccelerator</p>'
            . "<p class=\"when\">Asked by $own for $user<br>$time <a href=\"$again\">Ask again</a></p></header><main>"
            . $this->done($done)
            . $this->nodes($states, $chosen)
            . '<section class="node" aria-labelledby="node"><div class="title"><h2 id="node">' . Html::name($chosen)
            . '</h2>' . self::badge($state) . $this->clear('node', $chosen, "the caches of $chosen") . '</div>';
        if ($state === null || !$state['enabled']) {
            $reason = Html::name($state === null ? "$reason." : $state['reason']);
            $body .= "<p class=\"problem\">$reason</p>" . ($state === null ? '' : $this->directives($state));
        } else {
            $body .= $this->pictures($state) . $this->scripts($chosen, $listing, $scripts, $state['time'])
                . $this->directives($state);
        }
        return self::document("Opcode cache: $chosen", $body . '</section></main>');
    }

    private function done(array $done): string
    {
        $items = '';
        foreach ($done as $node => $problem) {
            $class = $problem === '' ? 'good' : 'bad';
            $text = Html::name($node . ($problem === '' ? ' was cleared' : ' was not cleared: ' . $problem));
            $items .= "<li class=\"$class\">$text</li>";
        }
        return $items === '' ? '' : "<ul class=\"done\" role=\"status\">$items</ul>";
    }

    private function nodes(array $states, string $chosen): string
    {
        $rows = '';
        foreach ($states as $node => [$state, $reason]) {
            $node = (string) $node;
            $rows .= $this->row($node, $state, $reason, $node === $chosen);
        }
        $heads = '<th scope="col">' . implode('</th><th scope="col">', ['Node', 'State']) . '</th>'
            . '<th scope="col" class="figure">' . implode('</th><th scope="col" class="figure">', [
                'Hit rate', 'Hits', 'Misses',
            ]) . '</th><th scope="col">Memory</th><th scope="col" class="figure">'
            . implode('</th><th scope="col" class="figure">', ['Scripts', 'Keys', 'Restarts', 'PHP']) . '</th>';
        $count = count($states);
        $clear = $count > 1 ? $this->clear('all', $chosen, "the caches of all $count web nodes") : '';
        return '<section aria-labelledby="nodes"><div class="title"><h2 id="nodes">Web nodes</h2>' . $clear . '</div>'
            . "<table class=\"nodes\"><thead><tr>$heads</tr></thead><tbody>$rows</tbody></table>"
            . self::legend(['used' => null, 'free' => null, 'wasted' => null]) . '</section>';
    }

    private function row(string $node, ?array $state, string $reason, bool $chosen): string
    {
        $link = self::link(['node' => $node], '#node');
        $current = $chosen ? ' aria-current="true"' : '';
        $name = Html::name($node);
        $row = "<th scope=\"row\"><a href=\"$link\"$current>$name</a></th>"
            . '<td data-label="State">' . self::badge($state) . '</td>';
        if ($state === null || !$state['enabled']) {
            $reason = Html::name($state === null ? $reason : $state['reason']);
            return "<tr class=\"silent\">$row<td colspan=\"8\" class=\"reason\">$reason</td></tr>";
        }
        $memory = $state['memory'];
        $sizes = array_map([Html::class, 'size'], $memory);
        $label = "{$sizes['used']} used, {$sizes['free']} free, {$sizes['wasted']} wasted";
        $whole = Html::size(array_sum($memory));
        $bar = Picture::bar($memory, $label) . "<small>{$sizes['used']} of $whole</small>";
        $cells = [
            'Hit rate' => Html::share($state['hits'], $state['hits'] + $state['misses']),
            'Hits' => Html::number($state['hits']),
            'Misses' => Html::number($state['misses']),
            'Memory' => $bar,
            'Scripts' => Html::number($state['scripts']),
            'Keys' => Html::number($state['keys']['used']),
            'Restarts' => Html::number(array_sum($state['restarts'])),
            'PHP' => Html::name($state['php']),
        ];
        foreach ($cells as $head => $cell) {
            $class = $head === 'Memory' ? 'memory' : 'figure';
            $row .= "<td class=\"$class\" data-label=\"$head\">$cell</td>";
        }
        return "<tr>$row</tr>";
    }

    private static function badge(?array $state): string
    {
        [$class, $word] = ['good', 'serving'];
        if ($state === null) {
            [$class, $word] = ['bad', 'not answering'];
        } elseif (!$state['enabled']) {
            [$class, $word] = ['bad', 'off'];
        } elseif ($state['restarting']) {
            [$class, $word] = ['fair', 'being emptied'];
        } elseif ($state['cache_full']) {
            [$class, $word] = ['fair', 'full'];
        }
        return "<span class=\"badge $class\">$word</span>";
    }

    /** Without JavaScript the box is what asks back; the server demands it too. */
    private function clear(string $what, string $node, string $caches): string
    {
        $node = Html::text($node);
        $caches = Html::name($caches);
        $token = Html::text($this->token);
        $button = $what === 'all' ? 'Clear all' : "Clear $node";
        return '<form method="post" action="?" class="clear">'
            . "<input type=\"hidden\" name=\"token\" value=\"$token\">"
            . "<input type=\"hidden\" name=\"what\" value=\"$what\">"
            . "<input type=\"hidden\" name=\"node\" value=\"$node\">"
            . "<label><input type=\"checkbox\" name=\"sure\" value=\"1\" required> Empty $caches</label>"
            . "<button>$button</button></form>";
    }

    private function pictures(array $state): string
    {
        $memory = $state['memory'];
        $middle = Html::share($memory['used'] + $memory['wasted'], array_sum($memory));
        $body = self::figure('Memory of OPcache', $memory, $middle, [
            'Scripts' => Html::number($state['scripts']),
            'Keys' => Html::number($state['keys']['used']) . ' of ' . Html::number($state['keys']['max']),
            'Hit rate' => Html::share($state['hits'], $state['hits'] + $state['misses']),
        ]);
        if ($state['apcu'] !== null) {
            $apcu = $state['apcu'];
            $middle = Html::share($apcu['memory']['used'], array_sum($apcu['memory']));
            $body .= self::figure('Memory of APCu', $apcu['memory'], $middle, [
                'Entries' => Html::number($apcu['entries']),
                'Hit rate' => Html::share($apcu['hits'], $apcu['hits'] + $apcu['misses']),
                'Ran out' => Html::number($apcu['expunges']) . ' times',
            ]);
        }
        $strings = $state['strings'];
        $restarts = [];
        foreach ($state['restarts'] as $why => $times) {
            $restarts[] = Html::number($times) . "\u{a0}" . str_replace(' ', "\u{a0}", self::WORDS[$why]);
        }
        $facts = [
            'Serves since' => Html::time($state['started']),
            'Last emptied' => Html::time($state['restarted']),
            'Restarts' => implode(', ', $restarts),
            'Interned strings' => Html::number($strings['count']) . ', ' . Html::size($strings['used']) . ' of '
                . Html::size($strings['used'] + $strings['free']),
            'PHP' => Html::name($state['php']),
            'OPcache' => Html::name($state['opcache']),
            'APCu' => $state['apcu'] === null ? 'not loaded' : Html::name($state['apcu']['version']),
        ];
        return "<div class=\"pictures\">$body<div class=\"card\"><h3>Facts</h3>" . self::facts($facts) . '</div></div>';
    }

    private static function figure(string $title, array $parts, string $middle, array $facts): string
    {
        $sizes = array_map([Html::class, 'size'], $parts);
        $label = [];
        foreach ($sizes as $class => $size) {
            $label[] = "$size " . self::WORDS[$class];
        }
        return "<figure class=\"card\"><figcaption><h3>$title</h3></figcaption><div class=\"split\">"
            . Picture::ring($parts, "$title: " . implode(', ', $label), $middle) . self::legend($sizes) . '</div>'
            . self::facts($facts) . '</figure>';
    }

    /** @param array<string, ?string> $sizes by class */
    private static function legend(array $sizes): string
    {
        $items = '';
        foreach ($sizes as $class => $size) {
            $size = $size === null ? '' : "<b>$size</b>";
            $items .= "<li class=\"$class\"><span>" . self::WORDS[$class] . "</span>$size</li>";
        }
        return "<ul class=\"legend\">$items</ul>";
    }

    /** @param array<string, string> $facts escaped */
    private static function facts(array $facts): string
    {
        $items = '';
        foreach ($facts as $name => $value) {
            $items .= "<div><dt>$name</dt><dd>$value</dd></div>";
        }
        return "<dl>$items</dl>";
    }

    private function scripts(string $node, array $listing, array $scripts, int $now): string
    {
        [$found, $reason] = $scripts;
        $body = '<section class="scripts" aria-labelledby="scripts"><div class="title">'
            . '<h3 id="scripts">Cached scripts</h3>' . $this->search($node, $listing) . '</div>';
        if ($found === null) {
            return $body . '<p class="problem">' . Html::name($reason) . '.</p></section>';
        }
        $heads = $rows = '';
        foreach (self::HEADS as $column => $head) {
            $heads .= self::head($node, $listing, $column, $head);
        }
        foreach ($found['rows'] as $script) {
            $rows .= '<tr><td class="path">' . Html::name($script['path']) . '</td>'
                . '<td class="figure" data-label="Hits">' . Html::number($script['hits']) . '</td>'
                . '<td class="figure" data-label="Memory">' . Html::size($script['memory']) . '</td>'
                . '<td class="figure" data-label="Last used">' . Html::ago($script['used'], $now) . '</td></tr>';
        }
        if ($rows === '') {
            $rows = '<tr><td colspan="4" class="none">No such script is cached.</td></tr>';
        }
        return "$body<table><thead><tr>$heads</tr></thead><tbody>$rows</tbody></table>"
            . self::paging($node, $listing, $found) . '</section>';
    }

    private function search(string $node, array $listing): string
    {
        $hidden = '';
        foreach (['node' => $node, 'sort' => $listing['sort'], 'order' => $listing['order']] as $name => $value) {
            $hidden .= "<input type=\"hidden\" name=\"$name\" value=\"" . Html::text($value) . '">';
        }
        $q = Html::text($listing['q']);
        $all = self::link(['node' => $node, 'q' => '', 'page' => 1] + $listing, '#scripts');
        return "<form method=\"get\" action=\"?#scripts\" role=\"search\" class=\"search\">$hidden"
            . "<input type=\"search\" name=\"q\" value=\"$q\" maxlength=\"200\" placeholder=\"part of the path\""
            . ' aria-label="Part of the path"><button>Search</button>'
            . ($q === '' ? '' : "<a href=\"$all\">All</a>") . '</form>';
    }

    private static function head(string $node, array $listing, string $column, string $head): string
    {
        $orders = Listing::orders($column);
        $sorted = $listing['sort'] === $column;
        $order = $sorted && $listing['order'] === $orders[0] ? $orders[1] : $orders[0];
        $link = self::link(['node' => $node, 'sort' => $column, 'order' => $order, 'page' => 1] + $listing, '#scripts');
        $aria = $sorted ? ' aria-sort="' . ($listing['order'] === 'asc' ? 'ascending' : 'descending') . '"' : '';
        $class = $column === 'path' ? '' : ' class="figure"';
        return "<th scope=\"col\"$class$aria><a href=\"$link\">$head</a></th>";
    }

    private static function paging(string $node, array $listing, array $found): string
    {
        $page = $found['page'];
        $first = ($page - 1) * Listing::PER_PAGE + 1;
        $total = Html::number($found['total']);
        $text = $found['total'] === 0 ? 'None' : Html::number($first) . '–'
            . Html::number($first + count($found['rows']) - 1) . " of $total";
        $turn = static function (int $to, string $word, bool $there) use ($node, $listing): string {
            $link = self::link(['node' => $node, 'page' => $to] + $listing, '#scripts');
            return $there ? "<a href=\"$link\">$word</a>" : "<span>$word</span>";
        };
        return '<nav class="paging" aria-label="Pages">' . $turn($page - 1, 'Previous', $page > 1)
            . "<p>$text</p>" . $turn($page + 1, 'Next', $page < $found['pages']) . '</nav>';
    }

    private function directives(array $state): string
    {
        $rows = '';
        foreach ($state['directives'] as $directive) {
            [$name, $value, $becomes] = array_map([Html::class, 'name'], array_values($directive));
            $value = $value === '' ? '<i>empty</i>' : "<code>$value</code>";
            $rows .= "<tr><th scope=\"row\"><code>$name</code></th><td data-label=\"Value\">$value</td>"
                . "<td data-label=\"Became\">$becomes</td></tr>";
        }
        return $rows === '' ? '' : '<section class="directives" aria-labelledby="directives"><div class="title">'
            . '<h3 id="directives">Directives</h3></div><table><thead><tr><th scope="col">Directive</th>'
            . '<th scope="col">Value</th><th scope="col">Became</th></tr></thead>'
            . "<tbody>$rows</tbody></table></section>";
    }

    private static function link(array $query, string $place = ''): string
    {
        return Html::text('?' . http_build_query(array_filter($query, static function ($value): bool {
            return $value !== '';
        }), '', '&', PHP_QUERY_RFC3986) . $place);
    }

    private static function document(string $title, string $body): string
    {
        $title = Html::name($title);
        return "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>$title</title>"
            . '<meta name="viewport" content="width=device-width, initial-scale=1">'
            . "<meta name=\"color-scheme\" content=\"light dark\"><link rel=\"stylesheet\" href=\"control.css\"></head>"
            . "<body>$body</body></html>\n";
    }
}
