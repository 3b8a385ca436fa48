import { h, render, Fragment, Component, createContext } from "preact";
import { useState, useEffect, useLayoutEffect, useMemo, useRef, useCallback, useContext, useReducer, useId } from "preact/hooks";
import htm from "htm";
export const html = htm.bind(h);
export { h, render, Fragment, Component, createContext, useState, useEffect, useLayoutEffect, useMemo, useRef, useCallback, useContext, useReducer, useId };
