import { useCallback, useEffect, useRef, useState } from "react";
import { type Attach, Line, type LineState } from "./line";

interface Asked {
  address: () => Promise<string>;
  /** Given the place to draw in, once it is there. */
  attach: Attach;
  again: boolean;
}

/** A connection that lives as long as the component; `ready` starts it. */
export function useLine({ address, attach, again }: Asked) {
  const [state, setState] = useState<LineState>({ name: "opening", said: "", trouble: "" });
  const line = useRef<Line | null>(null);
  useEffect(() => {
    const made = new Line({ address, attach, again, tell: setState });
    line.current = made;
    made.connect();
    return () => made.close();
  }, [address, attach, again]);
  const connect = useCallback(() => line.current?.connect(), []);
  return { state, connect };
}
