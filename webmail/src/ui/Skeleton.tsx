// The shape of what is being loaded. Nothing is drawn in the first 150 ms (by the animation's delay in ui.css), so that what comes quickly
// never flickers.

export function SkeletonRows({ rows, label }: { rows: number; label: string }) {
  return (
    <div class="skeleton" role="status" aria-label={label}>
      {Array.from({ length: rows }, (_, i) => (
        <div key={i} class="skeleton-row">
          <span class="skeleton-bar skeleton-short" />
          <span class="skeleton-bar" />
        </div>
      ))}
    </div>
  );
}
